import { avatar } from './avatar.js';
import { bdi, h } from './dom.js';
import { fullTime, narrowTime, seconds, time } from './format.js';
import { t, tNodes } from './i18n.js';
import { plainText, textNodes } from './text.js';

/**
 * One line of the timeline.
 * @param {object} row a message row of rows.js
 * @param {{room: import('/natter.js').Room, chat: import('/natter.js').Chat, onQuote: (seq: number) => void}} context
 */
export function messageElement(row, context) {
  const { message, head, own, state, item } = row;
  const { chat } = context;
  const name = message.name || chat.nameOf(message.user);
  const forMe = message.mentions?.includes(chat.user?.id);
  return h('article', {
    class: ['message', head && 'head', own && 'own', forMe && 'for-me'].filter(Boolean).join(' '),
    'data-test': 'message',
    'data-seq': message.seq,
    'data-state': state,
    tabindex: -1,
  },
  h('div', { class: 'gutter' }, head
    ? avatar(message.user, name)
    : h('time', { class: 'line-time', datetime: message.time, title: fullTime(message.time) }, narrowTime(message.time))),
  h('div', { class: 'body' },
    head && h('header', { class: 'byline' },
      bdi(name, { class: 'name' }),
      h('time', { datetime: message.time, title: fullTime(message.time) }, time(message.time))),
    !head && h('span', { class: 'hidden' }, `${name}, ${time(message.time)}`),
    message.replyTo !== undefined && quote(message.replyTo, context),
    h('div', { class: message.deleted ? 'text deleted' : 'text', 'data-test': 'text', dir: 'auto' },
      message.deleted ? t('message.deleted') : textNodes(message.text, { nameOf: (user) => chat.nameOf(user), me: chat.user?.id }),
      message.editedAt && !message.deleted && h('span', { class: 'edited', title: t('message.editedAt', { time: fullTime(message.editedAt) }) }, ` (${t('message.edited')})`)),
    message.reactions?.length > 0 && reactions(message.reactions),
    item && progress(item, context)));
}

function quote(seq, { room, chat, onQuote }) {
  const original = room.entries.find((entry) => entry.seq === seq && entry.type === 'message');
  if (!original) return null;
  return h('button', { class: 'quote', type: 'button', onclick: () => onQuote(seq) },
    h('span', { class: 'hidden' }, t('message.replyTo', { name: original.name })),
    bdi(original.name, { class: 'who', 'aria-hidden': 'true' }), ' ',
    bdi(original.deleted ? t('message.deleted') : plainText(original.text, (user) => chat.nameOf(user))));
}

function reactions(list) {
  return h('ul', { class: 'reactions' }, list.map(({ emoji, count, mine }) => h('li', { class: mine ? 'mine' : '' },
    emoji, h('span', { class: 'count' }, count))));
}

/** What became of an own message that is not stored yet. */
function progress(item, { room, chat }) {
  if (item.state === 'failed') {
    const known = ['FORBIDDEN', 'NOT_FOUND', 'GONE', 'TOO_LARGE', 'BAD_REQUEST', 'CONFLICT', 'ROOM_FULL'].includes(item.error?.code);
    return h('div', { class: 'progress failed' },
      h('span', {}, t('message.failed', { reason: t(known ? `error.${item.error.code}` : 'error.other') })),
      h('button', { type: 'button', class: 'link', onclick: () => room.retry(item.clientMsgId) }, t('message.retry')),
      h('button', { type: 'button', class: 'link', onclick: () => room.discard(item.clientMsgId) }, t('message.discard')));
  }
  const wait = (item.waitUntil ?? 0) - Date.now();
  const words = chat.state !== 'online' ? t('message.waitsForNetwork') : wait > 0 ? t('message.waitsSeconds', { seconds: seconds(wait) }) : '';
  // An ack takes some milliseconds: words for it would only flicker.
  return words ? h('div', { class: 'progress' }, words) : h('span', { class: 'hidden' }, t('message.sending'));
}

/** How a message is read out. */
export function spoken(message, chat) {
  return t('message.said', { name: message.name, text: plainText(message.text, (user) => chat.nameOf(user)) });
}

export function startElement(room, empty) {
  return h('div', { class: 'start' }, h('h2', {}, tNodes('timeline.start', { room: bdi(room.name || room.id) })),
    room.topic && h('p', { dir: 'auto' }, room.topic),
    empty && h('p', {}, t('timeline.empty')));
}
