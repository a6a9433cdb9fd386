import { h } from './dom.js';
import { t } from './i18n.js';

export const STATES = ['ONLINE', 'BUSY', 'AWAY', 'OFFLINE'];

/** Presence is told by form as well as by colour. @param {string} state */
export function presenceSign(state) {
  const known = STATES.includes(state) ? state : 'OFFLINE';
  return h('span', { class: `presence ${known.toLowerCase()}`, role: 'img', 'aria-label': t(`presence.${known}`), title: t(`presence.${known}`) });
}
