import { react } from './actions.js';
import { avatar } from './avatar.js';
import { bdi, h } from './dom.js';
import { fullTime, narrowTime, seconds, time } from './format.js';
import { t, tNodes } from './i18n.js';
import { personButton } from './person.js';
import { plainText, textNodes } from './text.js';

/**
 * @typedef {object} Context
 * @property {import('/natter.js').Room} room
 * @property {import('/natter.js').Chat} chat
 * @property {(seq: number) => void} onQuote
 * @property {(seq: number) => void} [onThread]
 * @property {(user: string) => void} [onPerson]
 */

/**
 * One line of the timeline.
 * @param {any} row a message row of rows.js
 * @param {Context} context
 */
export function messageElement(row, context) {
  const { message, head, own, state, item } = row;
  const { chat, room, onThread, onPerson } = context;
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
      onPerson ? personButton(message.user, name, onPerson) : bdi(name, { class: 'name' }),
      h('time', { datetime: message.time, title: fullTime(message.time) }, time(message.time))),
    !head && h('span', { class: 'hidden' }, `${name}, ${time(message.time)}`),
    message.replyTo !== undefined && quote(message.replyTo, context),
    h('div', { class: message.deleted ? 'text deleted' : 'text', 'data-test': 'text', dir: 'auto' },
      message.deleted ? t('message.deleted') : textNodes(message.text, { nameOf: (user) => chat.nameOf(user), me: chat.user?.id }),
      message.editedAt && !message.deleted && h('span', { class: 'edited', title: t('message.editedAt', { time: fullTime(message.editedAt) }) }, ` (${t('message.edited')})`)),
    message.reactions?.length > 0 && reactions(message, room),
    onThread && message.replyCount > 0 && h('button', { class: 'link replies', type: 'button', 'data-test': 'replies', onclick: () => onThread(message.seq) }, t('thread.count', { count: message.replyCount })),
    item && progress(item, context)));
}

/** Answers in a thread: a quiet line that opens it. */
export function threadElement({ root, messages }, { chat, onThread }) {
  const last = messages.at(-1);
  const text = last.deleted ? t('message.deleted') : plainText(last.text, (user) => chat.nameOf(user));
  return h('p', { class: 'notice in-thread' }, h('button', { class: 'thread-note', type: 'button', 'data-test': 'in-thread', onclick: () => onThread?.(root) },
    h('span', {}, tNodes(messages.length > 1 ? 'thread.answers' : 'thread.answered', { name: bdi(last.name, { class: 'who' }), count: messages.length })),
    bdi(text, { class: 'thread-text' })));
}

function quote(seq, { room, chat, onQuote }) {
  const original = room.entry(seq);
  const known = original?.type === 'message' ? original : null;
  return h('button', { class: 'quote', type: 'button', tabindex: -1, 'data-test': 'quote', onclick: () => onQuote(seq) },
    h('span', { class: 'hidden' }, known ? t('message.replyTo', { name: known.name }) : ''),
    known ? [bdi(known.name, { class: 'who', 'aria-hidden': 'true' }), ' ',
      bdi(known.deleted ? t('message.deleted') : plainText(known.text, (user) => chat.nameOf(user)))] : t('message.replyEarlier'));
}

function reactions(message, room) {
  return h('ul', { class: 'reactions' }, message.reactions.map(({ emoji, count, mine }) => h('li', {},
    h('button', {
      class: mine ? 'reaction mine' : 'reaction', type: 'button', tabindex: -1, 'data-test': 'reaction', 'aria-pressed': String(mine), 'aria-label': t('message.reaction', { emoji, count }),
      onclick: (event) => react(room, message, emoji, event.currentTarget),
    }, h('span', { class: 'sign' }, emoji), h('span', { class: 'count' }, count)))));
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
  return t('message.said', { name: message.name || chat.nameOf(message.user), text: plainText(message.text, (user) => chat.nameOf(user)) });
}

export function startElement(room, empty) {
  return h('div', { class: 'start' }, h('h2', {}, tNodes('timeline.start', { room: bdi(room.title) })),
    room.topic && h('p', { dir: 'auto' }, room.topic),
    empty && h('p', {}, t('timeline.empty')));
}
