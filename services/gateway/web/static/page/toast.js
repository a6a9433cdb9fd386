import { fill, h } from './dom.js';
import { t } from './i18n.js';

const element = h('div', { class: 'toast', role: 'alert', hidden: true });
let timer = 0;

/** The word for an error. */
export function reasonOf(error) {
  const known = ['FORBIDDEN', 'NOT_FOUND', 'GONE', 'BAD_REQUEST', 'TOO_LARGE', 'ROOM_FULL', 'RATE_LIMITED', 'UNAVAILABLE'];
  const code = ['DISCONNECTED', 'TIMEOUT', 'CLOSED'].includes(error.code) ? 'UNAVAILABLE' : error.code;
  if (code === 'CONFLICT') return t('error.taken');
  return t(known.includes(code) ? `error.${code}` : 'error.other');
}

/** Says that something asked for did not happen. */
export function toast(key, error) {
  if (!element.isConnected) document.body.append(element);
  fill(element, t(key, { reason: reasonOf(error) }));
  element.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { element.hidden = true; }, 6_000);
}
