/**
 * natter.js: the natter client for browsers and for anything else with a WebSocket.
 * One ES module, no dependency, no build step.
 *
 * @example
 * import { connect } from '/natter.js';
 * const chat = connect({ getToken: () => fetch('/my/token').then((r) => r.text()) });
 * const room = await chat.join('lobby');
 * room.on('message', (message) => console.log(message.name, message.text));
 * room.send('hello');
 *
 * What it promises: a text given to `room.send` is kept (over a reconnect, and in a browser over a reload) until
 * the server acked it, and is stored once and in order. Events of a room are handed on in the order of their `seq`,
 * without a hole and without a double.
 * @module
 */

const SUBPROTOCOL = 'natter.v1.json';
const REQUEST_MS = 20_000; // above the server's own deadline of 15 s, so that its answer is the one we hear
const SILENCE_MS = 45_000;
const PONG_MS = 8_000;
const DIAL_MS = 4_000;
const TYPING_EVERY_MS = 2_000;
const TYPING_SHOWN_MS = 6_000;
const KEEP = 2_000;
const RESUMED = 200; // rooms one hello may name
const NOTICES = ['created', 'updated', 'joined', 'left', 'removed', 'unbanned', 'muted', 'unmuted', 'roleSet', 'closed'];
const EVENTS = ['message', 'edited', 'deleted', 'reacted', ...NOTICES];

/**
 * @typedef {'connecting'|'online'|'reconnecting'|'offline'|'closed'} State
 * `closed` does not end by itself: say why (`code`), and call `chat.open()` once that is put right.
 *
 * @typedef {object} Status
 * @property {State} state
 * @property {number} [retryAt]  when the next try begins (ms since 1970)
 * @property {number} [code]     the WebSocket close code that ended the last connection
 * @property {string} [reason]
 *
 * @typedef {object} Options
 * @property {string} [url]      the server: `https://chat.example.com` or a full `wss://…/v1/ws`; the page's own origin if left out
 * @property {string} [token]    a token that lives as long as you need it
 * @property {(why: {expired: boolean}) => string|Promise<string>} [getToken]  asked before every connection, and before a token runs out
 * @property {string} [agent]    names your program to the server's operator
 * @property {'ONLINE'|'AWAY'|'BUSY'|'INVISIBLE'} [state]  set before anyone sees the user
 * @property {Storage|null} [storage]  keeps unsent messages; localStorage if there is one; null: memory only
 * @property {typeof WebSocket} [WebSocket]
 * @property {() => number} [random]
 *
 * @typedef {object} Message
 * @property {'message'} type
 * @property {number} seq
 * @property {string} user
 * @property {string} name
 * @property {string} time
 * @property {string} text
 * @property {object} [data]
 * @property {string} [clientMsgId]
 * @property {string} [editedAt]
 * @property {boolean} deleted
 * @property {number} [replyTo]
 * @property {number} [thread]
 * @property {string[]} [mentions]
 * @property {{emoji: string, count: number, mine: boolean}[]} reactions
 *
 * @typedef {object} Notice  an event that is no message
 * @property {string} type    created, updated, joined, left, removed, unbanned, muted, unmuted, roleSet, closed
 * @property {number} seq
 * @property {string} by      who did it
 * @property {string} user    whom it is about
 * @property {string} time
 * @property {object} change  what the event says
 *
 * @typedef {Message|Notice} Entry
 *
 * @typedef {object} Outgoing  a message of one's own on its way
 * @property {string} clientMsgId
 * @property {string} room
 * @property {string} text
 * @property {number} at         when it was written (ms since 1970)
 * @property {number} attempt
 * @property {'pending'|'failed'|'acked'} state
 * @property {NatterError} [error]      why it failed, or why it waits
 * @property {number} [waitUntil]       the server asked to wait until then
 * @property {Promise<{seq: number, duplicate: boolean, durability?: string}>} acked
 *
 * @typedef {object} Member
 * @property {string} user
 * @property {string} name
 * @property {string} role
 * @property {string} state
 */

/** An error answer of the server, or `DISCONNECTED`, `TIMEOUT`, `CLOSED` from here. */
export class NatterError extends Error {
  /**
   * @param {string} code one of the protocol's error codes
   * @param {string} [message]
   * @param {{field?: string, retryAfterMs?: number}} [more]
   */
  constructor(code, message = code, more = {}) {
    super(message);
    this.name = 'NatterError';
    this.code = code;
    this.field = more.field;
    this.retryAfterMs = more.retryAfterMs;
  }
}

/**
 * Full jitter: anywhere between nothing and a bound that doubles, so that clients dropped together come back apart.
 * @param {number} attempt 0 for the first try after a loss
 */
export function backoff(attempt, random = Math.random, base = 500, cap = 30_000) {
  return Math.round(random() * Math.min(cap, base * 2 ** attempt));
}

/** True if a client may come back by itself after this close code. */
export function comesBack(code) {
  return !(code >= 4400 && code <= 4499);
}

class Emitter {
  #listeners = new Map();

  /**
   * Calls `listener` at each `name`; the returned function ends it.
   * @param {string} name
   * @param {(detail: any) => void} listener
   * @returns {() => void}
   */
  on(name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(listener);
    return () => this.#listeners.get(name)?.delete(listener);
  }

  /** @package */
  _emit(name, detail) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        queueMicrotask(() => { throw error; }); // a listener's fault is reported, and stops nobody else
      }
    }
  }

  #told = new Set();

  /** @package One call for many changes of one turn. */
  _emitSoon(name) {
    if (this.#told.has(name)) return;
    this.#told.add(name);
    queueMicrotask(() => {
      this.#told.delete(name);
      this._emit(name);
    });
  }
}

/**
 * Messages not yet acked. Each has a storage key of its own, so tabs of one user do not overwrite each other: at worst
 * two tabs send the same message, and the server knows it by its clientMsgId.
 */
class Outbox {
  /** @type {Outgoing[]} */ items = [];
  #storage;
  #prefix = '';

  constructor(storage) {
    this.#storage = storage;
  }

  open(user) {
    const prefix = `natter.outbox.${user}.`;
    if (prefix === this.#prefix) return;
    if (this.#prefix) this.items = [];
    this.#prefix = prefix;
    const known = new Set(this.items.map((item) => item.clientMsgId));
    for (const item of this.items) this.save(item);
    try {
      for (let i = 0; i < (this.#storage?.length ?? 0); i++) {
        const key = this.#storage.key(i);
        if (!key.startsWith(prefix) || known.has(key.slice(prefix.length))) continue;
        this.items.push(outgoing(JSON.parse(this.#storage.getItem(key))));
      }
    } catch { /* a storage that cannot be read is an empty one */ }
    this.items.sort((a, b) => a.at - b.at);
  }

  /** Another tab may have sent it meanwhile; attempt 1 promises that nobody did. */
  nextAttempt(item) {
    let stored = null;
    try { stored = JSON.parse(this.#storage?.getItem(this.#prefix + item.clientMsgId) ?? 'null'); } catch { /* as above */ }
    item.attempt = Math.max(item.attempt, stored?.attempt ?? 0) + 1;
    this.save(item);
    return item.attempt;
  }

  save(item) {
    if (!this.#prefix) return;
    const { state, error, acked, settle, waitUntil, ...kept } = item;
    if (state === 'failed') kept.failed = { code: error.code, message: error.message };
    try { this.#storage?.setItem(this.#prefix + item.clientMsgId, JSON.stringify(kept)); } catch { /* full: memory still has it */ }
  }

  add(item) {
    this.items.push(item);
    this.save(item);
  }

  remove(item) {
    this.items = this.items.filter((other) => other !== item);
    try { this.#storage?.removeItem(this.#prefix + item.clientMsgId); } catch { /* as above */ }
  }

  find(clientMsgId) {
    return this.items.find((item) => item.clientMsgId === clientMsgId);
  }
}

/** @returns {Outgoing} */
function outgoing({ failed, ...kept }) {
  const item = { attempt: 0, ...kept, state: failed ? 'failed' : 'pending' };
  if (failed) item.error = new NatterError(failed.code, failed.message);
  item.acked = new Promise((resolve, reject) => { item.settle = { resolve, reject }; });
  item.acked.catch(() => {}); // nobody has to listen
  return item;
}

/**
 * One room that is live on this connection.
 *
 * Events: `change` (anything shown of it), `message` (a new Message), `entry` (any new Entry), `typing`, `people`,
 * `resumed` ({missed}), `reset` ({reason: 'TRUNCATED'|'RESET'}), `gone` ({reason}).
 */
export class Room extends Emitter {
  name = '';
  topic = '';
  kind = 'PUBLIC';
  role = '';
  unread = 0;
  mentions = 0;
  memberCount = 0;
  slowModeSeconds = 0;
  archived = false;
  /** The last event that was applied. */
  seq = 0;
  readSeq = 0;
  /** @type {Entry[]} rising by seq, without a hole between the first and the last */ entries = [];
  /** False until the latest page was loaded. */
  loaded = false;
  hasBefore = true;
  /** Entries kept in memory while new ones arrive; set to Infinity while older ones are being read. */
  keep = KEEP;
  /** @type {Map<string, Member>} */ people = new Map();
  /** @type {number|null} */ online = null;
  /** True while events arrive on the present connection. */
  live = false;
  /** @type {{reason: string, removed?: object}|null} why this room ended here */ ended = null;
  /** One may send again then (ms since 1970). */
  slowUntil = 0;

  #chat;
  #held = new Map();
  #countedTo = 0; // the view's counts hold up to here
  #catchUp = null;
  #typing = new Map();
  #typedAt = -Infinity;
  #loading = null;
  #generation = 0;
  #markTimer = null;
  #marked = 0;

  /** @hideconstructor */
  constructor(chat, id) {
    super();
    this.#chat = chat;
    this.id = id;
  }

  get member() { return ['OWNER', 'MODERATOR', 'MEMBER', 'READER'].includes(this.role); }

  get canWrite() {
    const writers = this.kind === 'BROADCAST' ? ['OWNER', 'MODERATOR'] : ['OWNER', 'MODERATOR', 'MEMBER'];
    return writers.includes(this.role) && !this.archived && !this.ended;
  }

  /** One's own messages that are not acked yet, in order. @returns {Outgoing[]} */
  get outgoing() { return this.#chat._outbox.items.filter((item) => item.room === this.id); }

  /** Users who are typing now. @returns {string[]} */
  get typing() { return [...this.#typing.keys()]; }

  /** The newest message known. @returns {Message|undefined} */
  get latest() { return this.entries.findLast((entry) => entry.type === 'message') ?? this.last; }

  /**
   * Sends a text. It shows in `outgoing` at once; `acked` tells when it is stored.
   * @param {string} text
   * @param {{data?: object, replyTo?: number, thread?: number}} [more]
   * @returns {Outgoing}
   * @example const sent = room.send('hello'); const { seq } = await sent.acked;
   */
  send(text, more = {}) { return this.#chat._sender.send(this.id, text, more); }

  /** Sends a failed message again, under its old id. @param {string} clientMsgId */
  retry(clientMsgId) { this.#chat._sender.retry(clientMsgId); }

  /** Forgets a message that has not been stored. @param {string} clientMsgId */
  discard(clientMsgId) { this.#chat._sender.discard(clientMsgId); }

  /**
   * Loads the newest messages, once.
   * @example await room.loadLatest(); render(room.entries);
   */
  loadLatest(limit = 50) {
    if (this.loaded) return Promise.resolve();
    return this.#load({ limit }, (page) => {
      this.loaded = true;
      if (!page.messages.length) this.hasBefore = page.hasBefore;
    });
  }

  /** Loads messages before the first entry. @returns {Promise<void>} */
  loadBefore(limit = 50) {
    if (!this.loaded) return this.loadLatest(limit);
    if (!this.hasBefore) return Promise.resolve();
    return this.#load({ limit, before: this.entries[0]?.seq ?? this.seq + 1 }, (page) => {
      if (!page.messages.length) this.hasBefore = false;
    });
  }

  #load(query, after) {
    if (this.#loading) return this.#loading;
    const generation = this.#generation;
    const load = this.#chat.request('messages', { room: this.id, ...query }).then((page) => {
      if (generation !== this.#generation) return; // the room was reset meanwhile
      const first = page.messages[0]?.seq;
      if (first !== undefined && first <= (this.entries[0]?.seq ?? Infinity)) this.hasBefore = page.hasBefore;
      for (const message of page.messages) this.#put({ type: 'message', reactions: [], ...message });
      after(page);
      this._emitSoon('change');
    }).finally(() => { if (this.#loading === load) this.#loading = null; });
    return (this.#loading = load);
  }

  /**
   * Loads who is in the room, with their presence, into `people`.
   * @param {number} [most] stop after so many
   */
  async loadPeople(most = 500) {
    const people = new Map();
    let cursor;
    do {
      const list = await this.#chat.request('members', { room: this.id, limit: 100, ...(cursor && { cursor }) });
      for (const member of list.members) people.set(member.user, member);
      cursor = list.cursor;
    } while (cursor && people.size < most);
    this.people = people;
    for (const { user, name } of people.values()) this.#chat._learn(user, name);
    this._emitSoon('people');
    await this.#chat.request('presence', { room: this.id }).then((p) => this._presence(p), () => {});
  }

  /** Tells the others that one is typing; call it on each input. `stop` when the text was cleared. */
  sendTyping(stop = false) {
    const now = Date.now();
    if (stop ? this.#typedAt < 0 : now - this.#typedAt < (this.#chat.limits.typingIntervalMs ?? TYPING_EVERY_MS)) return;
    this.#typedAt = stop ? -Infinity : now;
    if (this.memberCount <= 100) this.#chat._cast('typing', { room: this.id, stop });
  }

  /** Marks everything up to `seq` as read. */
  markRead(seq = this.seq) {
    if (seq <= this.readSeq || !this.member) return;
    this.readSeq = seq;
    const me = this.#chat.user?.id;
    const left = this.entries.filter((entry) => entry.type === 'message' && entry.seq > seq && entry.user !== me && !entry.deleted);
    this.unread = Math.min(this.unread, left.length);
    this.mentions = Math.min(this.mentions, left.filter((entry) => entry.mentions?.includes(me)).length);
    this._emitSoon('change');
    this.#chat._emitSoon('rooms');
    this.#markTimer ??= setTimeout(() => { this.#markTimer = null; this._sendMark(); }, 1000);
  }

  /** @package */
  _sendMark() {
    if (!this.live || this.#marked >= this.readSeq || this.#markTimer) return;
    this.#marked = this.readSeq;
    this.#chat.request('read', { room: this.id, seq: this.readSeq }).catch(() => {});
  }

  /** Leaves the room for good. */
  leave() { return this.#chat.leave(this.id); }

  /** @package A RoomView: the room became live, or was asked for again. */
  _view(view) {
    const wasLive = this.live;
    const known = this.seq > 0;
    const { room, head, resume, readSeq, ...shown } = view;
    Object.assign(this, shown, { live: true, ended: null });
    this.readSeq = Math.max(this.readSeq, readSeq ?? 0);
    this.#marked = readSeq ?? 0;
    if (this.last) this.#chat._learn(this.last.user, this.last.name);
    if (this.readSeq >= head) this.unread = this.mentions = 0;
    if (known && resume === 'COMPLETE') {
      this.#countedTo = Math.max(this.#countedTo, head);
      this.#catchUp = wasLive ? null : { to: head, missed: 0 };
      this.#caughtUp();
    } else if (known && wasLive && resume === 'FRESH') {
      this.#countedTo = Math.max(this.#countedTo, head); // joined while watching: the events go on by themselves
    } else {
      this.#restart(head, known ? resume : '');
    }
    this._sendMark();
    this._emitSoon('change');
  }

  #restart(head, reason) {
    const again = this.loaded;
    this.#generation++;
    this.#loading = null;
    this.#catchUp = null;
    this.entries = [];
    this.loaded = false;
    this.hasBefore = head > 0;
    this.seq = this.#countedTo = head;
    if (reason === 'RESET') this.readSeq = Math.min(this.readSeq, head);
    this.#drain();
    if (reason) this._emit('reset', { reason: reason === 'RESET' ? 'RESET' : 'TRUNCATED' });
    if (again) this.loadLatest().catch(() => {});
  }

  /** @package */
  _receive(event) {
    if (!this.live || event.seq <= this.seq) return;
    if (event.seq > this.seq + 1) {
      this.#held.set(event.seq, event);
      this.#chat._repair(this);
      return;
    }
    this.#apply(event);
    this.#drain();
  }

  #drain() {
    for (const seq of this.#held.keys()) if (seq <= this.seq) this.#held.delete(seq);
    for (let next; (next = this.#held.get(this.seq + 1)); ) {
      this.#held.delete(next.seq);
      this.#apply(next);
    }
  }

  /** @package */
  get _hole() { return this.#held.size > 0; }

  #apply(event) {
    const { room, clientMsgId, seq, time, user, name, ...rest } = event;
    const type = EVENTS.find((key) => key in rest); // one that is unknown here still counts as seen
    const body = rest[type] ?? {};
    const counted = seq <= this.#countedTo;
    this.seq = seq;
    if (name) this.#chat._learn(user, name);
    if (type === 'message') this.#message({ seq, time, user, name: name || this.#chat.nameOf(user), clientMsgId, ...body }, counted);
    else if (type === 'edited') this.#change(body.seq, (m) => ({ ...m, text: body.text, editedAt: time }));
    else if (type === 'deleted') this.#change(body.seq, (m) => ({ ...m, deleted: true, text: '', reactions: [] }));
    else if (type === 'reacted') this.#change(body.seq, (m) => ({ ...m, reactions: reacted(m.reactions, body, user === this.#chat.user?.id) }));
    else if (type) this.#notice({ type, seq, time, by: user, user: body.user ?? user, change: body }, counted);
    this.#caughtUp();
    this._emitSoon('change');
  }

  #message(message, counted) {
    const mine = message.user === this.#chat.user?.id;
    const entry = { type: 'message', deleted: false, reactions: [], ...message };
    if (mine && message.clientMsgId) this.#chat._sender.settled(message.clientMsgId, { seq: message.seq, duplicate: false });
    this.last = entry;
    if (this.#typing.has(message.user)) this._typing(message.user, true);
    if (!mine && !counted && message.seq > this.readSeq) {
      this.unread = Math.min(100, this.unread + 1);
      if (message.mentions?.includes(this.#chat.user?.id)) this.mentions = Math.min(100, this.mentions + 1);
    }
    if (this.#catchUp && !mine) this.#catchUp.missed++;
    this.#append(entry);
    this._emit('message', entry);
    this.#chat._emit('message', { room: this, message: entry });
    this.#chat._emitSoon('rooms');
  }

  #notice(entry, counted) {
    const step = { joined: 1, left: -1, removed: -1 }[entry.type] ?? 0;
    if (!counted) this.memberCount = Math.max(0, this.memberCount + step);
    const me = entry.user === this.#chat.user?.id;
    const { role } = entry.change;
    if (step > 0) {
      const person = { user: entry.user, name: this.#chat.nameOf(entry.user), role, state: 'ONLINE' };
      if (this.people.size) this.people.set(entry.user, person);
      if (me) this.role = role ?? this.role;
    } else if (step < 0) {
      this.people.delete(entry.user);
      this._typing(entry.user, true);
      if (me) Object.assign(this, { role: '', ended: { reason: entry.type, removed: entry } });
    } else if (entry.type === 'updated') {
      for (const key of ['name', 'topic', 'slowModeSeconds', 'archived']) if (key in entry.change) this[key] = entry.change[key];
    } else if (entry.type === 'closed') {
      this.ended = { reason: 'closed' };
    } else if (entry.type === 'roleSet') {
      if (me) this.role = role;
      if (this.people.has(entry.user)) this.people.set(entry.user, { ...this.people.get(entry.user), role });
    }
    this.#append(entry);
    if (step || entry.type === 'roleSet') this._emitSoon('people');
    this.#chat._emitSoon('rooms');
  }

  #caughtUp() {
    if (!this.#catchUp || this.seq < this.#catchUp.to) return;
    const { missed } = this.#catchUp;
    this.#catchUp = null;
    if (missed) this._emit('resumed', { missed });
  }

  #change(seq, edit) {
    const i = this.entries.findIndex((entry) => entry.seq === seq);
    if (i >= 0) this.entries[i] = edit(this.entries[i]);
    if (this.last?.seq === seq) this.last = edit({ reactions: [], ...this.last });
  }

  /** Inserts by seq; the same seq again replaces. */
  #put(entry) {
    let i = this.entries.length;
    while (i > 0 && this.entries[i - 1].seq > entry.seq) i--;
    const same = this.entries[i - 1]?.seq === entry.seq;
    this.entries.splice(same ? i - 1 : i, same ? 1 : 0, entry);
    if (entry.type === 'message') this.#chat._learn(entry.user, entry.name);
  }

  #append(entry) {
    this.#put(entry);
    if (this.entries.length > this.keep * 1.25) {
      this.entries.splice(0, this.entries.length - this.keep);
      this.hasBefore = true;
    }
    this._emit('entry', entry);
  }

  /** @package An ack may come before the event it names; the text is shown in its place at once. */
  _acked(item, { seq, time }) {
    if (this.slowModeSeconds && this.role === 'MEMBER') this.slowUntil = Date.now() + this.slowModeSeconds * 1000;
    const first = this.entries[0]?.seq ?? Infinity;
    if (!this.loaded || (seq < first && this.hasBefore) || this.entries.some((entry) => entry.seq === seq)) return;
    const { id: user, name } = this.#chat.user;
    const { text, data, replyTo, thread, clientMsgId } = item;
    this.#put({ type: 'message', seq, time, user, name, text, data, replyTo, thread, clientMsgId, deleted: false, reactions: [] });
  }

  /** @package */
  _typing(user, stop) {
    clearTimeout(this.#typing.get(user));
    this.#typing.delete(user);
    if (!stop && user !== this.#chat.user?.id) {
      this.#typing.set(user, setTimeout(() => this._typing(user, true), TYPING_SHOWN_MS));
    }
    this._emitSoon('typing');
  }

  /** @package */
  _presence({ room, changes, online }) {
    if (room) this.online = online;
    for (const { user, state } of changes ?? []) {
      const person = this.people.get(user);
      if (person) this.people.set(user, { ...person, state });
    }
    this._emitSoon('people');
  }

  /** @package */
  _end(reason) {
    this.live = false;
    this.seq = 0; // coming back is a fresh start
    this.ended ??= { reason };
    clearTimeout(this.#markTimer);
    this._emit('gone', this.ended);
    this._emitSoon('change');
  }
}

function reacted(reactions, { emoji, removed }, mine) {
  const list = reactions.map((r) => ({ ...r }));
  let one = list.find((r) => r.emoji === emoji);
  if (!one) list.push((one = { emoji, count: 0, mine: false }));
  if (mine && one.mine === !removed) return reactions; // the page that was loaded knew it already
  one.count += removed ? -1 : 1;
  if (mine) one.mine = !removed;
  return list.filter((r) => r.count > 0);
}

/** One socket after another to the same server: dialling, backing off, asking, noticing a dead link. */
class Link extends Emitter {
  /** @type {Status} */ status = { state: 'connecting' };

  #options;
  #greeting;
  #socket = null;
  #turn = 0; // counts connections; what belongs to an earlier one is stale
  #attempt = 0;
  #known = false; // was online before
  #expired = false;
  #id = 0;
  #greeted = 0; // the id of the hello
  #waiting = new Map(); // request id → how to settle it
  #timers = { retry: 0, goaway: 0, refresh: 0, steady: 0 };
  #pulse = 0;
  #heard = 0;
  #ticked = 0;
  #windows = null;

  /** @param {Options} options @param {() => object} greeting what `hello` says besides the token */
  constructor(options, greeting) {
    super();
    this.#options = options;
    this.#greeting = greeting;
  }

  get turn() { return this.#turn; }

  open() {
    if (!this.#windows) this.#listen();
    this.#attempt = 0;
    this.#expired ||= [4002, 4401].includes(this.status.code);
    this.#dial();
  }

  retryNow() {
    if (['reconnecting', 'offline'].includes(this.status.state) && !this.#socket) this.#dial();
  }

  close() {
    this.#windows?.abort();
    this.#windows = null;
    this.#stop(1000, 'closed by the client');
  }

  /** Connects anew after `ms`, without counting it as a failure. */
  renewIn(ms) {
    clearTimeout(this.#timers.goaway);
    this.#timers.goaway = setTimeout(() => this.#dial(), ms);
  }

  /** Settles when the connection is there, or is known not to come back. */
  online() {
    const { state, reason } = this.status;
    if (state === 'online') return Promise.resolve();
    if (state === 'closed') return Promise.reject(new NatterError('CLOSED', reason));
    return new Promise((resolve, reject) => {
      const end = this.on('state', (status) => {
        if (!['online', 'closed'].includes(status.state)) return;
        end();
        if (status.state === 'online') resolve();
        else reject(new NatterError('CLOSED', status.reason));
      });
    });
  }

  /** Sends a request on the present connection; the answer's body, or a NatterError. */
  call(name, body, ms = REQUEST_MS) {
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      if (!this.#write({ id, [name]: body })) {
        reject(new NatterError('DISCONNECTED', 'Not connected'));
        return;
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new NatterError('TIMEOUT', 'The server did not answer in time'));
      }, ms);
      const settle = (then) => (value) => { clearTimeout(timer); then(value); };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
    });
  }

  /** Sends a frame that needs no answer and is not worth keeping. */
  cast(name, body) { if (this.status.state === 'online') this.#write({ [name]: body }); }

  #write(frame) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  async #dial() {
    this.#drop();
    const turn = this.#turn;
    this.#setStatus({ ...this.status, state: this.#known ? 'reconnecting' : 'connecting', retryAt: undefined });
    const { token: fixed, getToken } = this.#options;
    let token;
    try {
      token = getToken ? await getToken({ expired: this.#expired }) : fixed;
      this.#expired = false;
    } catch (error) {
      if (turn === this.#turn) this.#refused(error);
      return;
    }
    if (turn !== this.#turn) return;
    const socket = new this.#options.WebSocket(endpoint(this.#options.url), [SUBPROTOCOL]);
    this.#socket = socket;
    this.#pulse = setInterval(() => this.#beat(), 5_000);
    this.#heard = this.#ticked = Date.now();
    socket.onopen = () => this.#hello(token);
    socket.onmessage = ({ data }) => this.#frame(data);
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
    socket.onerror = () => {}; // a close follows
  }

  async #hello(token) {
    const turn = this.#turn;
    this.#greeted = this.#id + 1;
    try {
      await this.call('hello', { token, ...this.#greeting() });
      this.#refreshBefore(token);
    } catch (error) {
      if (turn === this.#turn) this.#refused(error);
    }
  }

  #refused(error) {
    if (error.code === 'UNAUTHENTICATED') this.#stop(4401, error.message);
    else if (error.code === 'FORBIDDEN') this.#stop(4403, error.message);
    else this.#lost(0, error.message, error.retryAfterMs);
  }

  #frame(data) {
    this.#heard = Date.now();
    let frame;
    try { frame = JSON.parse(data); } catch { return; }
    const { re, ...rest } = frame;
    const [name, body] = Object.entries(rest).find(([, value]) => value && typeof value === 'object') ?? [];
    if (name) this._emit('frame', { name, body });
    if (name === 'welcome') this.#welcomed();
    const id = name === 'welcome' ? this.#greeted : re;
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    if (name === 'error') waiting.reject(new NatterError(body.code, body.message, body));
    else waiting.resolve(body ?? {});
  }

  #welcomed() {
    this.#known = true;
    clearTimeout(this.#timers.steady);
    this.#timers.steady = setTimeout(() => { this.#attempt = 0; }, 10_000); // a server that drops us at once is no success
    this.#setStatus({ state: 'online' });
  }

  #lost(code, reason = '', retryAfterMs = 0) {
    this._emit('lost', code);
    if (!comesBack(code)) {
      this.#stop(code, reason);
      return;
    }
    this.#drop();
    if (code === 4002) this.#expired = true;
    let wait = backoff(this.#attempt, this.#options.random);
    if (code === 4001 && this.#attempt === 0) wait = Math.min(wait, 250); // the server spread its clients already
    wait = Math.max(wait, retryAfterMs, code === 4009 ? 2_000 : 0);
    this.#attempt++;
    const offline = globalThis.navigator?.onLine === false;
    const state = offline ? 'offline' : this.#known ? 'reconnecting' : 'connecting';
    this.#setStatus({ state, retryAt: Date.now() + wait, code, reason });
    this.#timers.retry = setTimeout(() => this.#dial(), wait);
  }

  #stop(code, reason) {
    this.#drop();
    this.#setStatus({ state: 'closed', code, reason });
  }

  /** Lets go of the present socket without waiting for its close handshake, which a dead link never ends. */
  #drop() {
    this.#turn++;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    clearInterval(this.#pulse);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      try { socket.close(1000); } catch { /* closed already */ }
    }
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this._emit('drop');
    for (const { reject } of waiting) reject(new NatterError('DISCONNECTED', 'The connection was lost before the answer came'));
  }

  #setStatus(status) {
    const same = status.state === this.status.state && status.retryAt === this.status.retryAt;
    this.status = status;
    if (!same) this._emit('state', status);
  }

  #listen() {
    this.#windows = new AbortController();
    const { signal } = this.#windows;
    const check = () => (this.#socket ? this.#probe() : this.retryNow());
    const hear = (target, name, listener) => target?.addEventListener?.(name, listener, { signal });
    hear(globalThis, 'online', check);
    hear(globalThis, 'offline', () => {
      if (this.#socket) this.#probe();
      else if (this.status.state === 'reconnecting') this.#setStatus({ ...this.status, state: 'offline' });
    });
    hear(globalThis.document, 'visibilitychange', () => globalThis.document.visibilityState === 'visible' && check());
  }

  #beat() {
    const now = Date.now();
    const slept = now - this.#ticked > 30_000;
    this.#ticked = now;
    if (slept || now - this.#heard > (this.status.state === 'online' ? SILENCE_MS : DIAL_MS)) this.#probe();
  }

  /** Asks whether the link still lives; no frame within some seconds means that it does not. */
  #probe() {
    const turn = this.#turn;
    const since = this.#heard;
    if (this.status.state === 'online') this.call('ping', {}).catch(() => {});
    setTimeout(() => {
      if (turn === this.#turn && this.#heard === since) this.#lost(0, 'no answer');
    }, PONG_MS);
  }

  #refreshBefore(token) {
    const { getToken } = this.#options;
    const left = expiry(token) - Date.now();
    if (!getToken || !Number.isFinite(left)) return;
    this.#timers.refresh = setTimeout(async () => {
      const turn = this.#turn;
      try {
        const next = await getToken({ expired: true });
        if (turn !== this.#turn) return;
        await this.call('refresh', { token: next });
        this.#refreshBefore(next);
      } catch { /* the server closes with 4002, and the next connection asks again */ }
    }, Math.min(Math.max(left * 0.8, 1_000), 2 ** 31 - 1));
  }
}

/** Brings the outbox to the server. One message is under way per room, so that no retry can change the order. */
class Sender {
  #chat;
  #link;
  #outbox;
  #random;
  #underWay = new Map();
  #pausedUntil = 0;
  #timer = 0;

  constructor(chat, link, outbox, random) {
    this.#chat = chat;
    this.#link = link;
    this.#outbox = outbox;
    this.#random = random;
    link.on('drop', () => {
      clearTimeout(this.#timer);
      this.#underWay.clear();
      this.#pausedUntil = 0;
    });
    // A frame the server closes for would close the next connection as well.
    link.on('lost', (code) => {
      if (![1002, 1003, 1007, 1009].includes(code)) return;
      for (const item of this.#underWay.values()) this.#fail(item, new NatterError(code === 1009 ? 'TOO_LARGE' : 'BAD_REQUEST'));
    });
  }

  send(room, text, more) {
    const item = outgoing({ clientMsgId: uuid(), room, text, at: Date.now(), ...more });
    this.#outbox.add(item);
    this.#changed(item);
    this.pump();
    return item;
  }

  retry(clientMsgId) {
    const item = this.#outbox.find(clientMsgId);
    if (item?.state !== 'failed') return;
    this.#outbox.remove(item);
    const { state, error, acked, settle, waitUntil, ...kept } = item;
    this.#outbox.add(outgoing({ ...kept, at: Date.now() }));
    this.#changed(item);
    this.pump();
  }

  discard(clientMsgId) {
    const item = this.#outbox.find(clientMsgId);
    if (!item || this.#underWay.get(item.room) === item) return;
    this.#outbox.remove(item);
    item.settle.reject(new NatterError('DISCARDED'));
    this.#changed(item);
  }

  /** By the ack or by the event, whichever comes first. */
  settled(clientMsgId, ack) {
    const item = this.#outbox.find(clientMsgId);
    if (!item) return;
    this.#outbox.remove(item);
    item.state = 'acked';
    item.settle.resolve(ack);
    this.#changed(item);
  }

  pump() {
    clearTimeout(this.#timer);
    if (this.#link.status.state !== 'online') return;
    const now = Date.now();
    const first = new Map();
    for (const item of this.#outbox.items) {
      if (item.state === 'pending' && !first.has(item.room)) first.set(item.room, item);
    }
    let next = Infinity;
    for (const item of first.values()) {
      if (this.#underWay.has(item.room)) continue;
      const due = Math.max(this.#pausedUntil, item.waitUntil ?? 0);
      if (due > now) next = Math.min(next, due);
      else this.#transmit(item);
    }
    if (next < Infinity) this.#timer = setTimeout(() => this.pump(), next - now);
  }

  async #transmit(item) {
    this.#underWay.set(item.room, item);
    const { turn } = this.#link;
    const { clientMsgId, room, text, data, replyTo, thread } = item;
    const attempt = this.#outbox.nextAttempt(item);
    try {
      const ack = await this.#link.call('send', { room, clientMsgId, text, data, replyTo, thread, attempt });
      this.#chat.rooms.get(room)?._acked(item, ack);
      this.settled(clientMsgId, ack);
    } catch (error) {
      // Without a connection there is no answer: it goes out again on the next one.
      if (turn === this.#link.turn && item.state === 'pending') this.#refused(item, error);
    }
    if (turn !== this.#link.turn) return;
    this.#underWay.delete(room);
    this.#changed(item);
    this.pump();
  }

  #refused(item, error) {
    const after = Date.now() + (error.retryAfterMs ?? 1_000);
    const room = this.#chat.rooms.get(item.room);
    if (error.code === 'RATE_LIMITED') {
      this.#pausedUntil = item.waitUntil = after;
    } else if (error.code === 'SLOW_MODE') {
      item.waitUntil = after;
      if (room) room.slowUntil = after;
    } else if (['UNAVAILABLE', 'TIMEOUT'].includes(error.code)) {
      item.waitUntil = Date.now() + Math.max(error.retryAfterMs ?? 0, 200 + backoff(item.attempt, this.#random, 500, 10_000));
    } else {
      this.#fail(item, error);
      return;
    }
    item.error = error;
  }

  #fail(item, error) {
    item.state = 'failed';
    item.error = error;
    item.settle.reject(error);
    if (this.#chat.rooms.has(item.room)) this.#outbox.save(item);
    else this.#outbox.remove(item); // nobody could see it any more
    this.#changed(item);
  }

  #changed(item) { this.#chat.rooms.get(item.room)?._emitSoon('change'); }
}

/**
 * The rooms of one user.
 *
 * Events: `state` (Status), `rooms` (the list or a count in it changed), `message` ({room, message}), `gone`
 * ({room, reason}), `goaway` ({afterMs, reason}), `signal` ({room, user, name, data}), `readMark`, `presence`.
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

  /** @param {Options} options */
  constructor(options = {}) {
    super();
    const { WebSocket = globalThis.WebSocket, random = Math.random, storage = ownStorage(), agent = 'natter.js', state } = options;
    this.#random = random;
    this.#link = new Link({ ...options, WebSocket, random }, () => ({
      agent,
      ...(state && { state }),
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
   * Public rooms and one's own.
   * @param {{query?: string, cursor?: string, limit?: number}} [query]
   * @returns {Promise<{rooms: object[], cursor?: string}>}
   * @example const { rooms } = await chat.listRooms({ query: 'des' });
   */
  listRooms(query = {}) { return this.request('rooms', query); }

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
      case 'readMark': this.#readMark(body); break;
      case 'signal': this._emit('signal', body); break;
      case 'goaway':
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
    const rooms = change.room ? [this.rooms.get(change.room)] : this.rooms.values();
    for (const room of rooms) room?._presence(change);
    this._emit('presence', change);
  }

  #readMark(mark) {
    if (mark.user === this.user?.id) this.rooms.get(mark.room)?.markRead(mark.seq);
    this._emit('readMark', mark);
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
  _learn(user, name) { if (name) this.#names.set(user, name); }
}

/**
 * Connects a user, and keeps them connected.
 * @param {Options} [options]
 * @returns {Chat}
 * @example
 * const chat = connect({ url: 'https://chat.example.com', token });
 * chat.on('state', ({ state, retryAt }) => show(state, retryAt));
 */
export function connect(options) {
  const chat = new Chat(options);
  chat.open();
  return chat;
}

function endpoint(url) {
  const full = new URL(url ?? '/', globalThis.location?.href);
  full.protocol = full.protocol.replace('http', 'ws');
  if (full.pathname === '/') full.pathname = '/v1/ws';
  return full.href;
}

function expiry(token) {
  try {
    const claims = JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
    return claims.exp * 1000;
  } catch {
    return NaN;
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

function sleep(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

/** `crypto.randomUUID` is there on secure origins only; a phone on the office network may not have one. */
function uuid() {
  if (globalThis.crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
