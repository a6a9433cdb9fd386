import { avatar } from './avatar.js';
import { connectionWord } from './connection.js';
import { bdi, fill, h, scope } from './dom.js';
import { hasDraft } from './drafts.js';
import { moment } from './format.js';
import { locale, t } from './i18n.js';
import { icon } from './icon.js';
import { isMuted, onMuted, toTell } from './muted.js';
import { presenceSign } from './presence.js';
import { roving } from './roving.js';
import { bone } from './skeleton.js';
import { plainText } from './text.js';

const collator = new Intl.Collator(locale, { numeric: true });
const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

/**
 * The rooms one is in, and oneself.
 * @param {import('/natter.js').Chat} chat
 * @param {import('./navigation.js').Navigation} navigation
 * @param {{onFind: () => void, onCreate: () => void, onSettings: () => void}} on
 * @param {HTMLElement|null} [extra] stands above oneself
 */
export function roomList(chat, navigation, on, extra = null) {
  const undo = scope();
  const list = h('div', { class: 'room-list' });
  const me = h('button', { class: 'me', type: 'button', 'aria-haspopup': 'dialog', onclick: on.onSettings });
  const element = h('nav', { class: 'sidebar', 'aria-label': t('rooms.title') },
    h('div', { class: 'side-head' },
      h('button', { class: 'find', type: 'button', onclick: on.onFind, 'aria-keyshortcuts': 'Control+K Meta+K' }, icon('search'), h('span', {}, t('rooms.find')), h('kbd', {}, APPLE ? '⌘K' : 'Ctrl K')),
      h('button', { class: 'tool', type: 'button', 'data-test': 'create-room', 'aria-label': t('rooms.create'), title: t('rooms.create'), onclick: on.onCreate }, icon('plus'))),
    list, extra, me);
  const choose = roving(list, '.room');
  let held = null; // the open room keeps its place among the unread until it is left
  let frame = 0;

  function sections() {
    const rooms = [...chat.rooms.values()].sort((a, b) => collator.compare(a.title, b.title));
    const unread = rooms.filter((room) => toTell(room) > 0 || room.id === held);
    const rest = rooms.filter((room) => !unread.includes(room));
    return [
      ['rooms.unread', unread],
      ['rooms.title', rest.filter((room) => room.kind !== 'DIRECT')],
      ['rooms.people', rest.filter((room) => room.kind === 'DIRECT')],
    ];
  }

  function draw() {
    frame = 0;
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.room : null;
    fill(list,
      !chat.rooms.size && chat.state === 'online' && h('p', { class: 'quiet-line' }, t('rooms.none'), ' ', t('rooms.noneHint')),
      !chat.user && h('div', { class: 'skeleton list' }, [70, 45, 60].map(bone)),
      sections().filter(([, rooms]) => rooms.length).map(([title, rooms]) => [h('h2', {}, t(title)), h('ul', {}, rooms.map((room) => h('li', {}, roomElement(room))))]));
    choose();
    if (focused) list.querySelector(`[data-room="${CSS.escape(focused)}"]`)?.focus();
    drawMe();
    const total = [...chat.rooms.values()].reduce((sum, room) => sum + toTell(room), 0);
    const open = chat.rooms.get(navigation.room);
    setBadge(total);
    document.title = `${total ? `(${total > 99 ? t('rooms.many') : total}) ` : ''}${open ? `${open.title} · ` : ''}${t('app.name')}`;
  }

  function roomElement(room) {
    const current = room.id === navigation.room;
    const last = room.latest;
    const count = toTell(room);
    const muted = isMuted(room);
    const draft = chat.user && !current && hasDraft(room.id);
    return h('button', {
      class: ['room', current && 'current', count > 0 && 'unread', muted && 'muted', room.ended && 'ended'].filter(Boolean).join(' '),
      type: 'button', tabindex: -1, 'data-test': 'room', 'data-room': room.id, 'aria-current': current ? 'page' : null,
      onclick: () => navigation.open(room.id),
    },
    room.peer ? h('span', { class: 'face' }, avatar(room.peer.user, room.peer.name, 'tiny'), presenceSign(chat.presence.get(room.peer.user)?.state)) : icon(room.kind),
    bdi(room.title || t('kind.DIRECT'), { class: 'name' }), muted && h('span', { class: 'hidden' }, t('rooms.muted')),
    h('span', { class: 'last' }, last && (last.deleted ? t('rooms.deleted') : [
      bdi(last.user === chat.user?.id ? chat.user.name : last.name || chat.nameOf(last.user)), ': ', bdi(plainText(last.text, (user) => chat.nameOf(user)))])),
    last && h('time', { class: 'when', datetime: last.time }, moment(last.time)),
    muted && !count && h('span', { class: 'mute-sign' }, icon('muted')),
    draft && h('span', { class: 'draft' }, t('rooms.draft')),
    count > 0 && h('span', { class: room.mentions ? 'badge mention' : 'badge' },
      h('span', { 'aria-hidden': 'true' }, count > 99 ? t('rooms.many') : count),
      h('span', { class: 'hidden' }, room.mentions ? t('rooms.mentionCount', { count: room.mentions }) : t('rooms.unreadCount', { count: room.unread }))));
  }

  function drawMe() {
    const { user } = chat;
    fill(me, user ? avatar(user.id, user.name, 'small') : h('span', { class: 'bone round' }),
      h('span', { class: 'who' }, bdi(user?.name ?? '', { class: 'name' }), h('span', { class: `state ${chat.state}` }, connectionWord(chat))),
      icon('settings'), h('span', { class: 'hidden' }, t('settings.title')));
  }

  function soon() { frame ||= requestAnimationFrame(draw); }

  undo.listen(navigation, 'change', () => {
    const room = chat.rooms.get(navigation.room);
    if (navigation.room !== held) held = room && toTell(room) > 0 ? room.id : null;
    soon();
  });
  undo(chat.on('presence', soon), chat.on('rooms', soon), chat.on('message', soon), chat.on('state', soon), onMuted(soon), () => cancelAnimationFrame(frame));
  draw();
  return {
    element,
    /** The rooms in the order in which they are shown. */
    order: () => sections().flatMap(([, rooms]) => rooms),
    end: undo.end,
  };
}

/** The count on the icon of an installed page. */
function setBadge(count) {
  if (!('setAppBadge' in navigator)) return;
  (count ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => {}); // it is a nicety
}
