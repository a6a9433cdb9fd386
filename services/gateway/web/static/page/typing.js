import { bdi, fill, h, scope } from './dom.js';
import { names } from './format.js';
import { tNodes } from './i18n.js';

/**
 * One line of fixed height, so that nothing moves: who types, else who has read the newest message, if it is one's own.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 */
export function typingLine(chat, room) {
  const undo = scope();
  const element = h('p', { class: 'typing', 'data-test': 'typing', 'aria-live': 'off' });
  const name = (user) => bdi(chat.nameOf(user), { class: 'who' });

  function draw() {
    const [first, second, third] = room.typing.map(name);
    fill(element, first ? (third ? tNodes('typing.many') : second ? tNodes('typing.two', { first, second }) : tNodes('typing.one', { first })) : readers());
  }

  function readers() {
    const last = room.entries.findLast((entry) => entry.type === 'message');
    if (!last || last.user !== chat.user?.id || room.hasAfter || room.outgoing.length) return null;
    const read = [...room.reads].filter(([, seq]) => seq >= last.seq).map(([user]) => user);
    if (!read.length) return null;
    return tNodes('typing.read', { names: '\u0001' }).flatMap((part) => (part === '\u0001' ? names(read, name) : [part]));
  }

  undo(room.on('typing', draw), room.on('reads', draw), room.on('change', draw));
  draw();
  return { element, end: undo.end };
}
