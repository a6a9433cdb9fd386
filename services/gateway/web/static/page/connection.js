import { fill, h, scope } from './dom.js';
import { seconds } from './format.js';
import { t } from './i18n.js';

const PATIENCE_MS = 1_000; // a connection that is back sooner is not worth a word

/**
 * The connection in words: `line` stands in for the topic in a room's header while there is something to say.
 * @param {import('/natter.js').Chat} chat
 */
export function connectionLine(chat) {
  const undo = scope();
  const words = h('span', { class: 'words' });
  const button = h('button', { type: 'button', class: 'link', hidden: true, onclick: () => chat.retryNow() }, t('connection.tryNow'));
  const element = h('div', { class: 'connection', role: 'status', 'data-test': 'connection' }, words, button);
  let since = Date.now();
  let said = null; // a passing remark while all is well

  function draw() {
    const text = chat.state === 'online' ? said ?? '' : chat.state !== 'closed' && Date.now() - since < PATIENCE_MS ? '' : withWaiting(sentence(chat), chat.waiting);
    element.dataset.state = chat.state;
    element.classList.toggle('quiet', !text);
    if (words.textContent !== text) fill(words, text);
    button.hidden = !text || !['reconnecting', 'offline'].includes(chat.state) || !chat.status.retryAt;
  }

  let timer = 0;
  function say(text, ms) {
    said = text;
    clearTimeout(timer);
    timer = setTimeout(() => { said = null; draw(); }, ms);
    draw();
  }

  undo(chat.on('state', ({ state }) => {
    if (state === 'online') since = Infinity;
    else if (since === Infinity) since = Date.now();
    draw();
  }));
  undo(chat.on('goaway', ({ afterMs }) => say(t('connection.update'), afterMs + 2_000)));
  undo.every(500, draw);
  undo(() => clearTimeout(timer));
  if (chat.state === 'online') since = Infinity;
  draw();
  return { element, say, end: undo.end };
}

/** The state in a word or two. */
export function connectionWord(chat) {
  return t(`connection.${chat.state}`);
}

function sentence(chat) {
  const { state, retryAt } = chat.status;
  const left = retryAt ? retryAt - Date.now() : 0;
  if (state === 'reconnecting' && left > 500) return t('connection.reconnectingIn', { seconds: seconds(left) });
  return t(`connection.${state}`);
}

function withWaiting(text, count) {
  return count ? `${text} · ${t('connection.waiting', { count })}` : text;
}
