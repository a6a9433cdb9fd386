import { connectionLine } from './connection.js';
import { bdi, fill, h, scope } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icon.js';

/**
 * The room's name, topic and people; the topic gives way to the connection's state when that is not good.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room|null} room null: a bare header for a pane without a room
 * @param {{onBack?: () => void, onPeople?: () => void, onSearch?: () => void, onRoom?: () => void}} on what is left out has no button
 */
export function roomHeader(chat, room, on) {
  const undo = scope();
  const connection = connectionLine(chat);
  const title = h('h1', {});
  const topic = h('button', { class: 'topic', type: 'button', 'aria-expanded': 'false', onclick: toggleTopic });
  const tool = (name, sign, act) => act && h('button', { class: 'tool', type: 'button', 'data-test': name, 'aria-label': t(`room.${name}`), title: t(`room.${name}`), onclick: act }, icon(sign));
  const people = h('button', { class: 'tool wide', type: 'button', 'data-test': 'show-people', onclick: on.onPeople });
  const element = h('header', { class: 'room-head' },
    on.onBack && h('button', { class: 'tool back', type: 'button', 'data-test': 'back', 'aria-label': t('room.back'), title: t('room.back'), onclick: on.onBack }, icon('back'), icon('menu')),
    h('div', { class: 'room-title' }, title, h('div', { class: 'second' }, topic, connection.element)),
    room && h('div', { class: 'tools' }, tool('search', 'search', on.onSearch), on.onPeople && people, tool('settings', 'settings', on.onRoom)));

  function draw() {
    topic.hidden = !room;
    if (!room) {
      fill(title, h('span', { class: 'hidden' }, t('app.name')));
      return;
    }
    fill(title, icon(room.kind), bdi(room.title), h('span', { class: 'hidden' }, ` (${t(`kind.${room.kind}`)})`));
    fill(topic, bdi(room.topic || t(`kind.${room.kind}`)));
    topic.disabled = !room.topic;
    const count = t('room.peopleCount', { count: room.memberCount });
    const online = room.online === null ? '' : t('room.onlineCount', { count: room.online });
    fill(people, icon('people'), h('span', { class: 'hidden' }, `${t('room.people')}: `), h('span', { class: 'numbers' }, h('span', {}, room.memberCount), online && h('span', { class: 'online-count' }, online)));
    people.title = [count, online].filter(Boolean).join(', ');
  }

  function toggleTopic() {
    const open = topic.getAttribute('aria-expanded') !== 'true';
    topic.setAttribute('aria-expanded', String(open));
    element.classList.toggle('whole-topic', open);
  }

  undo(connection.end);
  if (room) undo(room.on('change', draw), room.on('people', draw), chat.on('rooms', draw));
  draw();
  return { element, say: connection.say, end: undo.end };
}
