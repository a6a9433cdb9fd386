import { connect } from '../static/natter.js';

/** A WebSocket whose far end is the test. */
export class Socket {
  static all = [];
  static get last() { return Socket.all.at(-1); }

  readyState = 0;
  sent = [];

  constructor(url, protocols) {
    Object.assign(this, { url, protocols });
    Socket.all.push(this);
  }

  send(data) { this.sent.push(JSON.parse(data)); }

  close() { this.readyState = 3; }

  // ---- the far end

  accept() {
    this.readyState = 1;
    this.onopen?.({});
  }

  tell(frame) { this.onmessage?.({ data: JSON.stringify(frame) }); }

  end(code, reason = '') {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  /** The requests of one kind, with their ids. */
  asked(name) { return this.sent.filter((frame) => frame[name]).map((frame) => ({ id: frame.id, ...frame[name] })); }
}

export class Memory {
  #map = new Map();
  get length() { return this.#map.size; }
  key(i) { return [...this.#map.keys()][i]; }
  getItem(key) { return this.#map.get(key) ?? null; }
  setItem(key, value) { this.#map.set(key, value); }
  removeItem(key) { this.#map.delete(key); }
}

/** Lets everything happen that needs no timer. */
export const settle = () => new Promise((resolve) => { setImmediate(resolve); });

export function view(room, head, more = {}) {
  return {
    room, name: room, kind: 'PUBLIC', topic: '', role: 'MEMBER', head, readSeq: head, unread: 0, mentions: 0, memberCount: 2,
    slowModeSeconds: 0, archived: false, resume: 'FRESH', ...more,
  };
}

export function message(seq, text, more = {}) {
  return { event: { room: 'lobby', seq, time: '2026-01-02T03:04:05Z', user: 'u2', name: 'Bo', message: { text, mentions: [] }, ...more } };
}

/** A chat that is online, with one room whose head is `head`. */
export async function online({ head = 10, rooms = [view('lobby', head)], ...options } = {}) {
  Socket.all = [];
  const chat = connect({ url: 'https://chat.example', token: 't', storage: null, WebSocket: Socket, random: () => 1, ...options });
  await settle();
  await welcome({ rooms });
  return { chat, room: chat.rooms.get('lobby'), socket: Socket.last };
}

export async function welcome({ epoch = '7', rooms = [] } = {}) {
  const socket = Socket.last;
  socket.accept();
  await settle();
  socket.tell({ re: socket.asked('hello')[0].id, welcome: { session: 's', user: { id: 'u1', name: 'Ana' }, epoch, rooms, limits: {} } });
  await settle();
  return socket;
}
