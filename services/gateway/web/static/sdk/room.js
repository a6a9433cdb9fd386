/** @import {Chat} from './chat.js' */
/** @import {Entry, Member, Message, Outgoing} from './types.js' */
import { RoomActions } from './actions.js';
import { Entries } from './entries.js';

const TYPING_EVERY_MS = 2_000;
const TYPING_SHOWN_MS = 6_000;
const NOTICES = ['created', 'updated', 'retentionSet', 'joined', 'left', 'removed', 'unbanned', 'muted', 'unmuted', 'roleSet', 'closed'];
const EVENTS = ['message', 'edited', 'deleted', 'erased', 'trimmed', 'reacted', ...NOTICES];

/**
 * One room that is live on this connection.
 *
 * Events: `change` (anything shown of it), `message` (a new Message), `entry` (any new Entry), `typing`, `people`,
 * `changed` ({seq}: a message was edited, deleted, reacted to or answered in a thread), `reads` (how far others have read),
 * `signal` ({user, name, data}), `trimmed` ({before}: the room keeps its messages no longer), `resumed` ({missed}), `reset` ({reason: 'TRUNCATED'|'RESET'}), `gone` ({reason}).
 */
export class Room extends RoomActions {
  name = '';
  topic = '';
  kind = 'PUBLIC';
  role = '';
  unread = 0;
  mentions = 0;
  memberCount = 0;
  slowModeSeconds = 0;
  archived = false;
  /** Messages with a smaller seq were taken away by the room's retention. @type {number|undefined} */ since;
  /** The last event that was applied. */
  seq = 0;
  readSeq = 0;
  /** @type {Message|undefined} */ last;
  /** @type {Map<string, Member>} */ people = new Map();
  /** @type {{user: string, name: string}|null} the other one in a direct room, once known */ peer = null;
  /** @type {number|null} */ online = null;
  /** @type {Map<string, number>} up to where others have read, as far as they told it while one was here */ reads = new Map();
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
  /** @type {string|undefined} */ #peopleCursor;
  #log = new Entries((query) => this._ask('messages', query), (message) => {
    if (message) this.#chat._learn(message.user, message.name);
    else this._emitSoon('change');
  });
  #markTimer = null;
  #marked = 0;

  /** @hideconstructor @param {Chat} chat @param {string} id */
  constructor(chat, id) {
    super();
    this.#chat = chat;
    this.id = id;
  }

  /** Rising by seq, without a hole between the first and the last. @returns {Entry[]} */
  get entries() { return this.#log.list; }

  /** False until a page was loaded. */
  get loaded() { return this.#log.loaded; }

  /** There are messages before the first entry. */
  get hasBefore() { return this.#log.hasBefore; }

  /** There are messages after the last entry: a past was loaded by `loadAround`. What arrives meanwhile is told, and not in `entries`. */
  get hasAfter() { return this.#log.hasAfter; }

  /** Entries kept in memory while new ones arrive; set to Infinity while older ones are being read. */
  get keep() { return this.#log.keep; }
  set keep(most) { this.#log.keep = most; }

  /** The entry of a seq, if it is loaded. @param {number} seq @returns {Entry|undefined} */
  entry(seq) { return this.entries[this.#log.at(seq)]; }

  /** @package */
  _ask(name, body) { return this.#chat.request(name, { room: this.id, ...body }); }

  /** What to call it: a direct room has no name of its own, and is called as the other one in it. */
  get title() {
    if (this.kind !== 'DIRECT') return this.name || this.id;
    return this.#chat.nameOf(this.peer?.user ?? this.name); // of a direct room the server says the other one's id
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
   * Loads the newest messages, once; after `loadAround` it comes back to them.
   * @returns {Promise<void>}
   * @example await room.loadLatest(); render(room.entries);
   */
  loadLatest(limit = 50) { return this.#log.latest(limit); }

  /** Loads messages before the first entry. @returns {Promise<void>} */
  loadBefore(limit = 50) { return this.#log.before(limit); }

  /** Loads messages after the last entry, where `hasAfter` says that there are some. @returns {Promise<void>} */
  loadAfter(limit = 50) { return this.#log.after(limit); }

  /**
   * Loads the messages on both sides of a seq, in place of what is loaded.
   * @param {number} seq
   * @returns {Promise<void>}
   * @example await room.loadAround(118); show(room.entry(118));
   */
  loadAround(seq, limit = 50) { return this.#log.around(seq, limit); }

  /**
   * Loads who is in the room, with their presence, into `people`.
   * @param {number} [most] stop after so many; `morePeople` says whether there are others
   */
  async loadPeople(most = 500) {
    const people = new Map();
    const cursor = await this.#membersInto(people, most);
    this.people = people;
    this.#peopleCursor = cursor;
    await this.#peopleKnown(people);
  }

  /** There are people after those in `people`. */
  get morePeople() { return this.#peopleCursor !== undefined; }

  /**
   * Loads the next people into `people`, where `morePeople` says that there are some.
   * @example while (room.morePeople) await room.loadMorePeople();
   */
  async loadMorePeople(most = 500) {
    const from = this.#peopleCursor;
    if (from === undefined) return;
    const people = new Map();
    const cursor = await this.#membersInto(people, most, from);
    if (this.#peopleCursor !== from) return; // they were loaded anew meanwhile
    this.#peopleCursor = cursor;
    for (const [user, person] of people) this.people.set(user, person);
    await this.#peopleKnown(people);
  }

  async #membersInto(people, most, from) {
    let cursor = from;
    do {
      const list = await this.#chat.request('members', { room: this.id, limit: 100, ...(cursor && { cursor }) });
      for (const member of list.members) people.set(member.user, member);
      cursor = list.cursor;
    } while (cursor && people.size < most);
    return cursor;
  }

  async #peopleKnown(people) {
    for (const person of people.values()) {
      this.#chat._learn(person.user, person.name);
      person.name = this.#chat.nameOf(person.user); // the server may know no name of who never spoke here
    }
    if (this.kind === 'DIRECT') {
      this.peer = [...people.values()].find(({ user }) => user !== this.#chat.user?.id) ?? null;
      this._emitSoon('change');
      this.#chat._emitSoon('rooms');
    }
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

  /**
   * Passes an event of your application's own to everybody who is here now, yourself included: a cursor, a price. It is
   * not stored, and may be lost; above `limits.signalsPerSecond` it is left out.
   * @param {string} name at most 64 bytes
   * @param {object} [data] at most 4 KiB as JSON
   * @example room.on('signal', ({ user, name, data }) => name === 'cursor' && move(user, data.position));
   * room.signal('cursor', { position: 118 });
   */
  signal(name, data) { this.#chat._cast('signal', { room: this.id, name, ...(data && { data }) }); }

  /** Marks everything up to `seq` as read. */
  markRead(seq = this.seq) {
    if (seq <= this.readSeq || !this.member) return;
    this.readSeq = seq;
    const me = this.#chat.user?.id;
    const left = /** @type {Message[]} */ (this.entries).filter((entry) => entry.type === 'message' && entry.seq > seq && entry.user !== me && !entry.deleted);
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
    if (this.last && this.last.seq < (view.since ?? 0)) this.last = undefined;
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
    if (this.kind === 'DIRECT' && !this.peer) this.loadPeople(2).catch(() => {});
    this._emitSoon('change');
  }

  #restart(head, reason) {
    const again = this.loaded;
    this.#catchUp = null;
    this.#log.reset(head > 0);
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
    else if (type === 'deleted') this.#deleted(body.seq);
    else if (type === 'erased') for (const gone of body.seqs ?? []) this.#change(gone, (m) => (m.type && m.type !== 'message' ? m : { ...m, deleted: true, text: '', reactions: [] }));
    else if (type === 'trimmed') this.#trim(body.before);
    else if (type === 'reacted') this.#change(body.seq, (m) => ({ ...m, reactions: reacted(m.reactions, body, user === this.#chat.user?.id) }), true);
    else if (type) this.#notice({ type, seq, time, by: user, user: body.user ?? user, change: body }, counted);
    this.#caughtUp();
    this._emitSoon('change');
  }

  #deleted(seq) {
    const before = this.entry(seq);
    if (before?.type === 'message' && !before.deleted && before.thread !== undefined) this.#change(before.thread, (m) => ({ ...m, replyCount: Math.max(0, (m.replyCount ?? 0) - 1) }), true);
    this.#change(seq, (m) => ({ ...m, deleted: true, text: '', reactions: [] }));
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
    if (entry.thread !== undefined && !this.#log.has(entry.seq)) this.#change(entry.thread, (m) => ({ ...m, replyCount: (m.replyCount ?? 0) + 1 }), true);
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

  /** The room keeps its messages no longer: what is before a seq is gone. */
  #trim(before) {
    if (!(before > (this.since ?? 0))) return;
    this.since = before;
    this.#log.trim(before);
    if (this.last && this.last.seq < before) this.last = undefined;
    if (this.loaded && !this.hasBefore && !this.hasAfter) { // all that is left is here
      const me = this.#chat.user?.id;
      const left = /** @type {Message[]} */ (this.entries).filter((entry) => entry.type === 'message' && entry.seq > this.readSeq && entry.user !== me && !entry.deleted);
      this.unread = Math.min(this.unread, left.length);
      this.mentions = Math.min(this.mentions, left.filter((entry) => entry.mentions?.includes(me)).length);
    }
    this._emit('trimmed', { before });
  }

  #caughtUp() {
    if (!this.#catchUp || this.seq < this.#catchUp.to) return;
    const { missed } = this.#catchUp;
    this.#catchUp = null;
    if (missed) this._emit('resumed', { missed });
  }

  #change(seq, edit, counts = false) {
    this.#log.change(seq, edit, counts);
    if (this.last?.seq === seq) this.last = edit({ reactions: [], ...this.last });
    this._emit('changed', { seq });
  }

  #append(entry) {
    if (entry.type === 'message') this.#chat._learn(entry.user, entry.name);
    this.#log.append(entry);
    this._emit('entry', entry);
  }

  /** @package An ack may come before the event it names; the text is shown in its place at once. */
  _acked(item, { seq, time }) {
    if (this.slowModeSeconds && this.role === 'MEMBER') this.slowUntil = Date.now() + this.slowModeSeconds * 1000;
    const first = this.entries[0]?.seq ?? Infinity;
    if (!this.loaded || this.hasAfter || (seq < first && this.hasBefore) || this.#log.has(seq)) return;
    const { id: user, name } = this.#chat.user;
    const { text, data, replyTo, thread, clientMsgId } = item;
    this.#log.put({ type: 'message', seq, time, user, name, text, data, replyTo, thread, clientMsgId, deleted: false, reactions: [] });
    if (thread !== undefined) this.#change(thread, (m) => ({ ...m, replyCount: (m.replyCount ?? 0) + 1 }), true);
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
  _mark({ user, seq }) {
    if (user === this.#chat.user?.id) this.markRead(seq);
    else if (seq > (this.reads.get(user) ?? 0)) this.reads.set(user, seq);
    this._emitSoon('reads');
  }

  /** @package */
  _presence({ room, changes, online }) {
    if (room) this.online = online;
    for (const { user, state, text, lastSeen } of changes ?? []) {
      const person = this.people.get(user);
      if (person) this.people.set(user, { ...person, state, text, lastSeen });
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
