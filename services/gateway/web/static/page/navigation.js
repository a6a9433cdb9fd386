import { load, save } from './store.js';

/**
 * Which room is open, told by the address: `#/lobby`, or `#/` for the list of rooms.
 */
export class Navigation extends EventTarget {
  /** @type {string|null} */ room = null;

  constructor() {
    super();
    addEventListener('popstate', () => this.#set(fromAddress()));
  }

  /** The room to begin with: the address's, else the last one. */
  get first() { return fromAddress() ?? load('room'); }

  open(room) {
    if (room === this.room) {
      this.#tell();
      return;
    }
    // "Back" leads from any room to the list, so rooms replace each other.
    if (!this.room) history.replaceState(null, '', '#/');
    history[this.room ? 'replaceState' : 'pushState'](null, '', `#/${encodeURIComponent(room)}`);
    this.#set(room);
  }

  /** Back to the list, as the browser's own button does it. */
  back() { history.back(); }

  /** The room is not there any more. */
  close() {
    history.replaceState(null, '', '#/');
    this.#set(null);
  }

  #set(room) {
    this.room = room;
    if (room) save('room', room);
    this.#tell();
  }

  #tell() { this.dispatchEvent(new Event('change')); }
}

function fromAddress() {
  const match = /^#\/(.+)$/.exec(location.hash);
  try {
    return match ? decodeURIComponent(match[1]) : null;
  } catch {
    return null;
  }
}
