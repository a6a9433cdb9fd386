import { keys, load, save } from './store.js';

const waiting = new Map();

/** @param {string} room */
export function draftOf(room) {
  return waiting.has(room) ? waiting.get(room).text : load(`draft.${room}`) ?? '';
}

export function hasDraft(room) { return draftOf(room).trim() !== ''; }

/** Written shortly after the last key, and at once when the page is left. */
export function keepDraft(room, text) {
  clearTimeout(waiting.get(room)?.timer);
  waiting.set(room, { text, timer: setTimeout(() => write(room), 250) });
}

export function forgetDrafts() {
  for (const key of keys('draft.')) save(key, null);
}

function write(room) {
  save(`draft.${room}`, waiting.get(room).text);
  waiting.delete(room);
}

addEventListener('pagehide', () => { for (const room of [...waiting.keys()]) write(room); });
