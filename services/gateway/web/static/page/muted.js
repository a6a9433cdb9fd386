import { keys, load, save } from './store.js';

// Which rooms this reader does not want to hear of, in this browser. What is said there is counted by nobody and makes
// no notice, but for mentions of the reader.

const changes = new EventTarget();

/** @param {import('/natter.js').Room} room */
export function isMuted(room) { return load(`muted.${room.id}`) === true; }

/** @param {import('/natter.js').Room} room @param {boolean} yes */
export function setMuted(room, yes) {
  save(`muted.${room.id}`, yes || null);
  changes.dispatchEvent(new Event('change'));
}

/** How much a room has to tell: all that is unread, or of a muted one the mentions. @param {import('/natter.js').Room} room */
export function toTell(room) { return isMuted(room) ? room.mentions : room.unread; }

/** Called when a room is muted or not any more, in another tab, too. @param {() => void} listener @returns {() => void} ends it */
export function onMuted(listener) {
  const elsewhere = (event) => { if (event.key?.startsWith('natter.muted.')) listener(); };
  changes.addEventListener('change', listener);
  addEventListener('storage', elsewhere);
  return () => {
    changes.removeEventListener('change', listener);
    removeEventListener('storage', elsewhere);
  };
}

export function forgetMuted() {
  for (const key of keys('muted.')) save(key, null);
}
