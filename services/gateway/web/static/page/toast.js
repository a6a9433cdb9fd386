import { fill, h, stageOf } from './dom.js';
import { t } from './i18n.js';

const element = h('div', { class: 'toast', role: 'status', 'data-test': 'toast', hidden: true });
let timer = 0;

/** The word for an error. */
export function reasonOf(error) {
  const known = ['FORBIDDEN', 'NOT_FOUND', 'GONE', 'BAD_REQUEST', 'TOO_LARGE', 'ROOM_FULL', 'RATE_LIMITED', 'UNAVAILABLE'];
  const code = ['DISCONNECTED', 'TIMEOUT', 'CLOSED'].includes(error.code) ? 'UNAVAILABLE' : error.code;
  if (code === 'CONFLICT') return t('error.taken');
  return t(known.includes(code) ? `error.${code}` : 'error.other');
}

/** Says that something asked for did not happen. @param {string} key @param {any} error @param {Node} [near] */
export function toast(key, error, near = document.body) { say(t(key, { reason: reasonOf(error) }), near); }

/** Says a word in passing. @param {string} words @param {Node} [near] */
export function say(words, near = document.body) {
  const stage = stageOf(near);
  if (element.parentNode !== stage) stage.append(element);
  fill(element, words);
  element.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { element.hidden = true; }, 6_000);
}
