import { bdi, h, scope } from './dom.js';
import { icon } from './icon.js';
import { t } from './i18n.js';
import { textNodes } from './text.js';

const MOST = 3; // the newest ones; more would leave no room to talk

/**
 * What the server's operator has to say, above everything until it is closed; read out as it comes.
 * @param {import('/natter.js').Chat} chat
 * @param {{room?: string, onClosed: () => void}} on `room`: what is said to other rooms is left out
 */
export function announcements(chat, { room, onClosed }) {
  const undo = scope();
  const element = h('div', { class: 'announcements', role: 'status', 'data-test': 'announcements' });

  function show({ text, room: id }) {
    if (room && id && id !== room) return;
    const line = h('div', { class: 'announcement', 'data-test': 'announcement' }, icon('BROADCAST'),
      h('p', { dir: 'auto' }, id && id !== room && [bdi(chat.rooms.get(id)?.title ?? id, { class: 'who' }), ': '], textNodes(text, { nameOf: (user) => chat.nameOf(user), me: chat.user?.id })),
      h('button', { class: 'tool', type: 'button', 'aria-label': t('dialog.close'), title: t('dialog.close'), onclick: close }, icon('close')));
    function close() {
      line.remove();
      onClosed();
    }
    element.append(line);
    if (element.childElementCount > MOST) element.firstElementChild.remove();
  }

  undo(chat.on('notice', show));
  return { element, end: undo.end };
}
