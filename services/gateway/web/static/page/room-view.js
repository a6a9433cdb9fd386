import { h, scope } from './dom.js';
import { foot } from './foot.js';
import { roomHeader } from './header.js';
import { t } from './i18n.js';
import { skeleton } from './skeleton.js';
import { timeline } from './timeline.js';
import { typingLine } from './typing.js';

/**
 * The middle of the page while a room is open.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {{onBack?: () => void, onPeople?: () => void, onSearch?: () => void, onRoom?: () => void, onClosed: (action: string) => void, onDone: () => void,
 *   onThread?: (seq: number) => void, onPerson?: (user: string) => void, linkOf?: (seq: number) => string}} on
 */
export function roomView(chat, room, on) {
  const undo = scope();
  const head = roomHeader(chat, room, on);
  const messages = timeline(chat, room, { onReply: (message) => below.reply(message), onEdit: (message) => below.edit(message), onThread: on.onThread, onPerson: on.onPerson, linkOf: on.linkOf });
  const typing = typingLine(chat, room);
  const below = foot(chat, room, { ...on, onSent: () => messages.sent(), lastOwn: () => messages.lastOwn() });
  const element = h('div', { class: 'room-view' }, head.element, messages.element, typing.element, below.element);

  undo(room.on('resumed', ({ missed }) => head.say(t('connection.missed', { count: missed }), 8_000)));
  undo(room.on('reset', ({ reason }) => head.say(t(reason === 'RESET' ? 'connection.reset' : 'connection.truncated'), 12_000)));
  undo(head.end, messages.end, typing.end, below.end);
  return {
    element,
    focus: () => below.focus(),
    show: (seq) => messages.show(seq),
    /** Once it is in the document. */
    shown() {
      below.shown();
      messages.shown();
    },
    escape() {
      messages.markAllRead();
      below.focus();
    },
    end: undo.end,
  };
}

/** The same place without a room: loading, none joined, none open, or not found. */
export function emptyView(chat, on, { kind, action }) {
  const head = roomHeader(chat, null, on);
  const words = {
    none: [t('rooms.none'), t('rooms.noneHint')],
    pick: [t('rooms.pick'), t('rooms.pickHint')],
    notFound: [t('room.notFound'), t('room.notFoundHint')],
  }[kind];
  const element = h('div', { class: 'room-view bare' }, head.element,
    kind === 'loading' ? skeleton() : h('div', { class: 'nothing' }, h('h2', {}, words[0]), h('p', {}, words[1]), action));
  return { element, focus() {}, show() {}, shown() {}, escape() {}, end: head.end };
}
