import { avatar } from './avatar.js';
import { bdi, fill, focusedNear, h, scope } from './dom.js';
import { locale, t } from './i18n.js';
import { icon } from './icon.js';
import { presenceSign, STATES } from './presence.js';
import { roving } from './roving.js';
import { toast } from './toast.js';

const collator = new Intl.Collator(locale);

/**
 * Who is in a room, those who are here first.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {() => void} onClose
 * @param {(user: string) => void} onPerson
 */
export function peoplePanel(chat, room, onClose, onPerson) {
  const undo = scope();
  const list = h('div', { class: 'people', 'data-test': 'people' });
  const element = h('section', { class: 'details-panel', 'aria-labelledby': 'people-title' },
    h('header', { class: 'details-head' }, h('h2', { id: 'people-title' }, t('people.title')),
      h('button', { class: 'tool', type: 'button', 'data-test': 'close-details', 'aria-label': t('dialog.close'), title: t('dialog.close'), onclick: onClose }, icon('close'))),
    list);
  const more = h('button', { type: 'button', class: 'more-people', 'data-test': 'more-people', onclick: loadMore }, t('people.more'));
  const choose = roving(list, '.person');
  let failed = false;
  let frame = 0;

  function draw() {
    frame = 0;
    const people = [...room.people.values()].sort((a, b) => rank(a) - rank(b) || collator.compare(a.name, b.name));
    const here = people.filter((person) => rank(person) < 3);
    const focused = list.contains(focusedNear(list)) ? focusedNear(list).dataset.user : null;
    fill(list,
      !people.length && h('p', { class: 'quiet-line' }, t(!failed ? 'people.loading' : room.member ? 'people.failed' : 'people.joinFirst')),
      group('people.online', here), group('people.offline', people.filter((person) => rank(person) === 3)),
      room.morePeople && h('p', { class: 'quiet-line' }, t('people.some', { shown: people.length, count: room.memberCount })), room.morePeople && more);
    choose();
    if (focused) list.querySelector(`[data-user="${CSS.escape(focused)}"]`)?.focus();
  }

  function group(title, people) {
    if (!people.length) return null;
    return [h('h3', {}, t(title), h('span', { class: 'count' }, people.length)), h('ul', {}, people.map(personElement))];
  }

  function personElement({ user, name, role, state, text }) {
    const known = STATES.includes(state) ? state : 'OFFLINE';
    return h('li', {}, h('button', { class: 'person', type: 'button', 'data-test': 'person', 'data-user': user, 'data-presence': known, tabindex: -1, onclick: () => onPerson(user) },
      h('span', { class: 'face' }, avatar(user, name, 'small'), presenceSign(known)),
      h('span', { class: 'person-words' }, bdi(name, { class: 'name' }), text && bdi(text, { class: 'meta said' })),
      user === chat.user?.id && h('span', { class: 'meta' }, t('people.you')),
      ['OWNER', 'MODERATOR'].includes(role) && h('span', { class: 'meta role' }, t(`role.${role}`))));
  }

  function load() {
    failed = false;
    room.loadPeople().then(() => { failed = false; }, () => { failed = true; }).finally(soon);
  }

  function loadMore() {
    more.disabled = true;
    room.loadMorePeople().catch((error) => toast('people.moreFailed', error, element)).finally(() => { more.disabled = false; soon(); });
  }

  function soon() { frame ||= requestAnimationFrame(draw); }

  undo(room.on('people', soon), room.on('change', () => { if (failed && room.member) load(); }), () => cancelAnimationFrame(frame));
  undo(chat.on('state', ({ state }) => { if (state === 'online') load(); }));
  draw();
  load();
  return { element, end: undo.end };
}

function rank({ state }) {
  const at = STATES.indexOf(state);
  return at < 0 ? 3 : at;
}
