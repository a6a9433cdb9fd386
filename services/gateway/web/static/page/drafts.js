import { keys, load, save } from './store.js';

/** @typedef {{text: string, mentions?: [string, string][]}} Draft what is typed, and whom the names in it mean */

const waiting = new Map();

/** @param {string} place a room's id, or one of its threads @returns {Draft} */
export function draftOf(place) {
  const kept = waiting.get(place)?.draft ?? load(`draft.${place}`) ?? '';
  return typeof kept === 'string' ? { text: kept } : kept;
}

export function hasDraft(place) { return draftOf(place).text.trim() !== ''; }

/** Written shortly after the last key, and at once when the page is left. @param {string} place @param {Draft} draft */
export function keepDraft(place, draft) {
  clearTimeout(waiting.get(place)?.timer);
  waiting.set(place, { draft, timer: setTimeout(() => write(place), 250) });
}

export function forgetDrafts() {
  for (const key of keys('draft.')) save(key, null);
}

function write(place) {
  const { draft } = waiting.get(place);
  save(`draft.${place}`, draft.text ? draft : null);
  waiting.delete(place);
}

addEventListener('pagehide', () => { for (const place of [...waiting.keys()]) write(place); });
