/** @import {Message, Options, State, Status} from './types.js' */
import { backoff, sleep } from './backoff.js';
import { Emitter } from './emitter.js';
import { Link } from './link.js';
import { Outbox } from './outbox.js';
import { Room } from './room.js';
import { Sender } from './sender.js';

const IDLE_MS = 5 * 60_000;
const ACTIVITY = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'visibilitychange'];
const TOKEN_EXPIRES = 'token expires'; // the reason of a goaway that a refresh answers
const RESUMED = 200; // rooms one hello may name

/**
 * The rooms of one user.
 *
 * Events: `state` (Status), `rooms` (the list or a count in it changed), `message` ({room, message}), `gone`
 * ({room, reason}), `goaway` ({afterMs, reason}), `signal` ({room, user, name, data}), `readMark`, `presence`,
 * `notice` ({text, room?, data?}: who looks after the server has something to say; show it).
 */
export class Chat extends Emitter {
  /** @type {Map<string, Room>} */ rooms = new Map();
  /** @type {{id: string, name: string, avatar?: string}|null} */ user = null;
  /** @type {Record<string, number>} */ limits = {};
  /** @type {Map<string, {state: string, text?: string, lastSeen?: string}>} */ presence = new Map();

  #link;
  #epoch = '';
  #names = new Map();
  #repairs = new Set();
  #random;
  #greeting; // the state that a hello names; what the user says later holds instead
  #away = false; // this device's idle sign

  /** @param {Options} options */
  constructor(options = {}) {
    super();
    const { WebSocket = globalThis.WebSocket, random = Math.random, storage = ownStorage(), agent = 'natter.js', state } = options;
    this.#random = random;
    this.#greeting = state;
    this.#link = new Link({ ...options, WebSocket, random }, () => ({
      agent,
      ...((this.#greeting ?? (this.#away && 'AWAY')) && { state: this.#greeting ?? 'AWAY' }),
      ...(this.#epoch && { epoch: this.#epoch }),
      resume: [...this.rooms.values()].filter((room) => room.seq > 0).slice(0, RESUMED).map((room) => ({ room: room.id, seq: room.seq })),
    }));
    /** @package */
    this._outbox = new Outbox(storage);
    /** @package */
    this._sender = new Sender(this, this.#link, this._outbox, random);
    this.#link.on('state', (status) => this._emit('state', status));
    this.#link.on('frame', ({ name, body }) => this.#frame(name, body));
    this.#link.on('drop', () => {
      this.#repairs.clear();
      for (const room of this.rooms.values()) room.live = false;
    });
  }

  /** @returns {Status} */
  get status() { return this.#link.status; }

  /** @returns {State} */
  get state() { return this.#link.status.state; }

  /** How many of one's own messages wait to be stored. */
  get waiting() { return this._outbox.items.filter((item) => item.state === 'pending').length; }

  /** The name a user was last seen under. @param {string} user */
  nameOf(user) { return this.#names.get(user) ?? user; }

  /** Connects, also again after `closed`. Called by `connect`. */
  open() { this.#link.open(); }

  /** Tries now instead of at `status.retryAt`. */
  retryNow() { this.#link.retryNow(); }

  /** Ends the connection. What is unsent stays in storage. */
  close() { this.#link.close(); }

  /**
   * Becomes a member of a public room and makes it live.
   * @param {string} id
   * @returns {Promise<Room>}
   * @example const room = await chat.join('lobby');
   */
  async join(id) { return this.rooms.get((await this.request('join', { room: id })).room); }

  /**
   * Makes a room live without joining it. Harmless if it is live.
   * @param {string} id
   * @returns {Promise<Room>}
   * @example const room = await chat.watch('news');
   */
  async watch(id) {
    const live = this.rooms.get(id);
    if (live?.live) return live;
    return this.rooms.get((await this.request('watch', { room: id })).room);
  }

  /** Ends a `watch`. @param {string} id */
  async unwatch(id) {
    await this.request('unwatch', { room: id });
    this.#forget(id);
  }

  /** Leaves a room for good. @param {string} id */
  async leave(id) {
    await this.request('leave', { room: id });
    this.rooms.get(id)?._end('left');
    this.#forget(id);
  }

  /**
   * @param {{name: string, kind?: 'PUBLIC'|'PRIVATE'|'BROADCAST', room?: string, topic?: string, members?: string[]}} room
   * @returns {Promise<Room>}
   * @example const room = await chat.createRoom({ name: 'Design', topic: 'What it should look like' });
   */
  async createRoom(room) {
    return this.rooms.get((await this.request('createRoom', { kind: 'PUBLIC', members: [], ...room })).room);
  }

  /**
   * The room for two: the one that is there, or a new one.
   * @param {string} user the other one's id
   * @returns {Promise<Room>}
   * @example const room = await chat.openDirect('bo'); room.send('Lunch?');
   */
  async openDirect(user) {
    const room = this.rooms.get((await this.request('openDirect', { user })).room);
    room.peer ??= { user, name: this.nameOf(user) };
    return room;
  }

  /**
   * Finds messages in the rooms one may read.
   * @param {string} query words, "phrases", a beginning*
   * @param {{room?: string, from?: string, before?: Date|number|string, after?: Date|number|string, cursor?: string, limit?: number}} [more]
   * @returns {Promise<{hits: {room: string, message: Message, snippet: {text: string, marks: {start: number, end: number}[]}}[], cursor?: string}>}
   * @example const { hits } = await chat.search('deploy*', { room: 'lobby' });
   */
  search(query, { before, after, ...more } = {}) {
    return this.request('search', { query, ...more, ...(before !== undefined && { before: new Date(before).toISOString() }), ...(after !== undefined && { after: new Date(after).toISOString() }) });
  }

  /**
   * Public rooms and one's own.
   * @param {{query?: string, cursor?: string, limit?: number}} [query]
   * @returns {Promise<{rooms: object[], cursor?: string}>}
   * @example const { rooms } = await chat.listRooms({ query: 'des' });
   */
  listRooms(query = {}) { return this.request('rooms', query); }

  /**
   * Says how one may be reached, on all of one's devices. With ONLINE each device shows its own idle sign.
   * @param {'ONLINE'|'AWAY'|'BUSY'|'INVISIBLE'} state
   * @param {{text?: string, until?: Date|number|string}} [more] a text of at most 128 bytes, and when it goes (at most 30
   *   days ahead; a number is ms since 1970)
   * @example await chat.setStatus('BUSY', { text: 'at lunch', until: Date.now() + 3_600_000 });
   */
  async setStatus(state, { text, until } = {}) {
    await this.request('status', { state, ...(text && { text }), ...(until !== undefined && { until: new Date(until).toISOString() }) });
    this.#said(state);
  }

  /**
   * Shows this device as AWAY when nobody touched the page for `after` ms, hidden or not, and as ONLINE when somebody
   * does. The user's other devices, and what they said with `setStatus`, go before.
   * @param {{after?: number, page?: EventTarget & {visibilityState?: string}}} [options] the document and 5 minutes, if left out
   * @returns {() => void} ends it
   */
  signIdle({ after = IDLE_MS, page = globalThis.document } = {}) {
    let touched = Date.now();
    let timer;
    const look = () => {
      const left = touched + after - Date.now();
      if (left > 0) timer = setTimeout(look, left);
      else this.#sign(true);
    };
    const active = () => {
      if (page.visibilityState === 'hidden') return;
      touched = Date.now();
      if (!this.#away) return;
      this.#sign(false);
      look();
    };
    for (const name of ACTIVITY) page.addEventListener(name, active, { passive: true });
    look();
    return () => {
      clearTimeout(timer);
      for (const name of ACTIVITY) page.removeEventListener(name, active);
      if (this.#away) this.#sign(false);
    };
  }

  #sign(away) {
    this.#away = away;
    this.request('status', { state: away ? 'AWAY' : 'ONLINE', device: true }).catch(() => {}); // the next hello says it
  }

  /** What the user said, here or on another device, outlives the state that they came with. */
  #said(state) { this.#greeting = state === 'INVISIBLE' ? state : undefined; }

  /** Takes a room that ended out of `rooms`. @param {string} id */
  forget(id) { if (this.rooms.get(id)?.ended) this.#forget(id); }

  /**
   * Any request of the protocol. Waits for the connection; a RATE_LIMITED answer is waited out.
   * @param {string} name e.g. `search`
   * @param {object} [body]
   * @returns {Promise<any>} the body of the answer; a NatterError if the answer is an error
   * @example const { hits } = await chat.request('search', { query: 'deploy' });
   */
  async request(name, body = {}) {
    for (let tries = 0; ; tries++) {
      await this.#link.online();
      try {
        return await this.#link.call(name, body);
      } catch (error) {
        if (error.code !== 'RATE_LIMITED' || tries === 3) throw error;
        await sleep(error.retryAfterMs ?? 1_000);
      }
    }
  }

  #frame(name, body) {
    const room = this.rooms.get(body.room);
    switch (name) {
      case 'welcome': this.#welcome(body); break;
      case 'room': this.#view(body); break;
      case 'event': room?._receive(body); break;
      case 'typing': room?._typing(body.user, body.stop); break;
      case 'presenceChange': this.#presence(body); break;
      case 'gone': if (room) this.#gone(room, body.reason); break;
      case 'readMark':
        room?._mark(body);
        this._emit('readMark', body);
        break;
      case 'signal':
        room?._emit('signal', body);
        this._emit('signal', body);
        break;
      case 'notice':
        room?._emit('notice', body);
        this._emit('notice', body);
        break;
      case 'goaway':
        if (body.reason === TOKEN_EXPIRES) { // the clock here may be wrong; the server's counts
          this.#link.refresh();
          break;
        }
        this.#link.renewIn(body.afterMs);
        this._emit('goaway', body);
        break;
      default: // a later server may say more
    }
  }

  #welcome({ user, limits, epoch, rooms = [] }) {
    if (this.user && this.user.id !== user.id) this.rooms.clear();
    this._emitSoon('rooms');
    Object.assign(this, { user, limits: limits ?? {} });
    this.#epoch = epoch;
    this._learn(user.id, user.name);
    this._outbox.open(user.id);
    const missing = new Set(this.rooms.values());
    for (const view of rooms) {
      missing.delete(this.rooms.get(view.room));
      this.#view(view);
    }
    // Watched rooms, and those beyond the server's number of live rooms, may not be in a welcome.
    for (const room of missing) if (!room.ended) this.#watchAgain(room);
    this.#link.online().then(() => this._sender.pump(), () => {});
  }

  async #watchAgain(room) {
    try {
      await this.request('watch', { room: room.id, ...(room.seq && { seq: room.seq }) });
    } catch (error) {
      if (['NOT_FOUND', 'FORBIDDEN', 'GONE'].includes(error.code)) this.#gone(room, error.code);
    }
  }

  #view(view) {
    let room = this.rooms.get(view.room);
    if (!room) this.rooms.set(view.room, (room = new Room(this, view.room)));
    room._view(view);
    this._emitSoon('rooms');
    this._sender.pump();
  }

  #presence(change) {
    for (const { user, ...state } of change.changes ?? []) this.presence.set(user, state);
    const own = !change.room && change.changes?.find(({ user }) => user === this.user?.id);
    if (own) this.#said(own.state);
    const rooms = change.room ? [this.rooms.get(change.room)] : this.rooms.values();
    for (const room of rooms) room?._presence(change);
    this._emit('presence', change);
  }

  #gone(room, reason) {
    room._end(reason);
    if (room.ended.reason === 'left') this.#forget(room.id);
    this._emit('gone', { room, reason });
    this._emitSoon('rooms');
  }

  #forget(id) {
    this.rooms.delete(id);
    for (const item of this._outbox.items.filter((other) => other.room === id)) this._outbox.remove(item);
    this._emitSoon('rooms');
  }

  /** @package A hole in a room's events: ask for what is missing; what came early is held until then. */
  async _repair(room) {
    if (this.#repairs.has(room.id)) return;
    this.#repairs.add(room.id);
    const { turn } = this.#link;
    for (let attempt = 0; turn === this.#link.turn && room._hole; attempt++) {
      try {
        await this.#link.call('watch', { room: room.id, seq: room.seq });
        await sleep(1_000); // the missed events follow the answer
      } catch {
        await sleep(500 + backoff(attempt, this.#random));
      }
    }
    if (turn === this.#link.turn) this.#repairs.delete(room.id);
  }

  /** @package */
  _cast(name, body) { this.#link.cast(name, body); }

  /** @package */
  _learn(user, name) {
    // Of a member who never spoke, the server may know no name but the id.
    if (name && (name !== user || !this.#names.has(user))) this.#names.set(user, name);
  }
}

/** A browser that is told to keep nothing throws already at the name. */
function ownStorage() {
  try {
    return globalThis.window?.localStorage;
  } catch {
    return undefined;
  }
}
