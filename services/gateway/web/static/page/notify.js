import { h } from './dom.js';
import { t } from './i18n.js';
import { isMuted } from './muted.js';
import { load, save } from './store.js';
import { plainText } from './text.js';

/**
 * Notices of the system for mentions and direct messages while the page is in the background. It asks when the first
 * such message came, which is when one knows what it is good for.
 * @param {import('/natter.js').Chat} chat
 * @param {(room: string, seq: number) => void} onOpen
 */
export function notices(chat, onOpen) {
  const bar = h('div', { class: 'ask-notices', role: 'status', 'data-test': 'ask-notices' });
  const away = () => document.visibilityState !== 'visible' || !document.hasFocus();

  function ask() {
    if (!('Notification' in window) || Notification.permission !== 'default' || load('notices') === 'no' || bar.firstChild) return;
    bar.replaceChildren(h('p', {}, t('notices.ask')), h('div', { class: 'buttons' },
      h('button', { class: 'small', type: 'button', onclick: () => { save('notices', 'no'); bar.replaceChildren(); } }, t('notices.no')),
      h('button', { class: 'small primary', type: 'button', onclick: () => { bar.replaceChildren(); allow(); } }, t('notices.yes'))));
  }

  chat.on('message', ({ room, message }) => {
    const forMe = message.mentions?.includes(chat.user?.id) || (room.kind === 'DIRECT' && !isMuted(room));
    if (!forMe || message.user === chat.user?.id) return;
    ask();
    if (!away() || !('Notification' in window) || Notification.permission !== 'granted' || load('notices') === 'no') return;
    try {
      const notice = new Notification(room.kind === 'DIRECT' ? message.name : t('notices.in', { name: message.name, room: room.title }),
        { body: plainText(message.text, (user) => chat.nameOf(user)).slice(0, 200), tag: room.id, icon: '/icon.svg' });
      notice.onclick = () => {
        window.focus();
        notice.close();
        onOpen(room.id, message.seq);
      };
    } catch { /* Android shows them for service workers only */ }
  });
  return bar;
}

/** Asks the browser; the reader has said yes to us. */
export function allow() {
  save('notices', null);
  return Notification.requestPermission();
}
