import { connectionLine } from './connection.js';
import { bdi, fill, h, scope } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icon.js';
import { toast } from './toast.js';

/**
 * The room's name, topic and people; the topic gives way to the connection's state when that is not good.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room|null} room null: a bare header for a pane without a room
 * @param {{onBack: () => void, onPeople: () => void}} on
 */
export function roomHeader(chat, room, on) {
  const undo = scope();
  const connection = connectionLine(chat);
  const title = h('h1', {});
  const topic = h('button', { class: 'topic', type: 'button', 'aria-expanded': 'false', onclick: toggleTopic });
  const people = h('button', { class: 'tool wide', type: 'button', 'data-test': 'show-people', onclick: on.onPeople });
  const leave = h('button', { class: 'tool', type: 'button', 'aria-label': t('room.leave'), title: t('room.leave'), onclick: leaveRoom }, icon('leave'));
  const element = h('header', { class: 'room-head' },
    h('button', { class: 'tool back', type: 'button', 'data-test': 'back', 'aria-label': t('room.back'), title: t('room.back'), onclick: on.onBack }, icon('back'), icon('menu')),
    h('div', { class: 'room-title' }, title, h('div', { class: 'second' }, topic, connection.element)),
    room && h('div', { class: 'tools' }, people, leave));

  function draw() {
    if (!room) return;
    fill(title, icon(room.kind), bdi(room.name || room.id), h('span', { class: 'hidden' }, ` (${t(`kind.${room.kind}`)})`));
    fill(topic, bdi(room.topic || t(`kind.${room.kind}`)));
    topic.disabled = !room.topic;
    const count = t('room.peopleCount', { count: room.memberCount });
    const online = room.online === null ? '' : t('room.onlineCount', { count: room.online });
    fill(people, icon('people'), h('span', { class: 'hidden' }, `${t('room.people')}: `), h('span', { class: 'numbers' }, h('span', {}, room.memberCount), online && h('span', { class: 'online-count' }, online)));
    people.title = [count, online].filter(Boolean).join(', ');
    leave.hidden = !room.member;
  }

  function toggleTopic() {
    const open = topic.getAttribute('aria-expanded') !== 'true';
    topic.setAttribute('aria-expanded', String(open));
    element.classList.toggle('whole-topic', open);
  }

  async function leaveRoom() {
    if (!confirm(t('room.leaveSure', { room: room.name }))) return;
    try {
      await chat.leave(room.id);
    } catch (error) {
      toast('leave.failed', error);
    }
  }

  undo(connection.end);
  if (room) undo(room.on('change', draw), room.on('people', draw), chat.on('rooms', draw));
  draw();
  return { element, say: connection.say, end: undo.end };
}
