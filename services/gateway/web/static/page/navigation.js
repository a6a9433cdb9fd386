import { load, save } from './store.js';

/**
 * Which room is open, told by the address: `#/lobby`, `#/lobby/118` for a message in it, or `#/` for the list of rooms.
 */
export class Navigation extends EventTarget {
  /** @type {string|null} */ room = null;
  /** @type {number|null} the message to show */ seq = null;

  constructor() {
    super();
    addEventListener('popstate', () => this.#set(fromAddress()));
  }

  /** The place to begin with: the address's, else the last room. */
  get first() {
    const place = fromAddress();
    return place.room ? place : { room: load('room'), seq: null };
  }

  /** @param {string} room @param {number|null} [seq] */
  open(room, seq = null) {
    if (room === this.room && seq === null) {
      this.#tell();
      return;
    }
    // "Back" leads from any room to the list, so rooms replace each other.
    if (!this.room) history.replaceState(null, '', '#/');
    history[this.room ? 'replaceState' : 'pushState'](null, '', address(room, seq));
    this.#set({ room, seq });
  }

  /** Back to the list, as the browser's own button does it. */
  back() { history.back(); }

  /** The room is not there any more. */
  close() {
    history.replaceState(null, '', '#/');
    this.#set({ room: null, seq: null });
  }

  /** The message was shown; the next look at the room is at its end. */
  arrived() { this.seq = null; }

  #set({ room, seq }) {
    this.room = room;
    this.seq = seq;
    if (room) save('room', room);
    this.#tell();
  }

  #tell() { this.dispatchEvent(new Event('change')); }
}

/** @param {string} room @param {number|null} [seq] */
export function address(room, seq = null) { return `#/${encodeURIComponent(room)}${seq ? `/${seq}` : ''}`; }

function fromAddress() {
  const match = /^#\/([^/]+)(?:\/(\d{1,10}))?$/.exec(location.hash);
  try {
    return match ? { room: decodeURIComponent(match[1]), seq: match[2] ? Number(match[2]) : null } : { room: null, seq: null };
  } catch {
    return { room: null, seq: null };
  }
}
