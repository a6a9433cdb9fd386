import { bdi, fill, h } from './dom.js';
import { tNodes } from './i18n.js';

/** One line of fixed height, so that nothing moves when somebody types. */
export function typingLine(chat, room) {
  const element = h('p', { class: 'typing', 'data-test': 'typing', 'aria-live': 'off' });
  const draw = () => {
    const [first, second, third] = room.typing.map((user) => bdi(chat.nameOf(user), { class: 'who' }));
    fill(element, !first ? null : third ? tNodes('typing.many') : second ? tNodes('typing.two', { first, second }) : tNodes('typing.one', { first }));
  };
  const end = room.on('typing', draw);
  draw();
  return { element, end };
}
