import { h } from './dom.js';
import { t } from './i18n.js';
import { spoken } from './message.js';

const GATHER_MS = 1_000;
const READ_OUT = 2; // more than that at once is told as a number

/** Tells screen readers of what arrives in the open room, gathered when it is much. */
export function announcer(chat, navigation) {
  const element = h('div', { class: 'hidden', 'aria-live': 'polite', 'data-test': 'announcer' });
  let waiting = [];
  let timer = 0;

  function tell() {
    timer = 0;
    const { room } = waiting[0];
    const messages = waiting.map((one) => one.message);
    waiting = [];
    const mentions = messages.filter((message) => message.mentions?.includes(chat.user.id));
    const read = messages.length <= READ_OUT ? [...mentions, ...messages.filter((message) => !mentions.includes(message))] : mentions.slice(0, READ_OUT);
    const lines = read.map((message) => spoken(message, chat));
    if (messages.length > read.length) lines.push(t('timeline.arrived', { count: messages.length, room: room.title }));
    element.replaceChildren(...lines.map((line) => h('p', {}, line)));
  }

  chat.on('message', ({ room, message }) => {
    const forMe = message.mentions?.includes(chat.user?.id);
    if ((room.id !== navigation.room && !forMe) || message.user === chat.user?.id) return;
    waiting.push({ room, message });
    timer ||= setTimeout(tell, GATHER_MS);
  });
  return element;
}
