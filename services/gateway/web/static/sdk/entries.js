/** @import {Entry, Message} from './types.js' */

const KEEP = 2_000;

/**
 * The part of a room's past that is in memory: rising by seq, without a hole among the messages. It reaches to the
 * newest (`hasAfter` is false) or is a window somewhere in the past.
 */
export class Entries {
  /** @type {Entry[]} */ list = [];
  loaded = false;
  hasBefore = true;
  hasAfter = false;
  keep = KEEP;

  #ask;
  #changed;
  /** @type {Promise<void>|null} */ #loading = null;
  #generation = 0;
  /** @type {Entry[]} what came while a page was on its way */ #meanwhile = [];
  /** @type {{seq: number, edit: (message: any) => any, counts: boolean}[]} what changed while a page was on its way */ #edits = [];
  /** @type {Map<number, boolean>} messages asked for again, and whether they changed since */ #again = new Map();

  /**
   * @param {(query: object) => Promise<{messages: Message[], hasBefore: boolean, hasAfter: boolean}>} ask for a page
   * @param {(message?: Message) => void} changed each message put here, then once without
   */
  constructor(ask, changed) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Forgets all, and what is on its way. @param {boolean} more there may be messages */
  reset(more) {
    this.#generation++;
    this.#loading = null;
    this.list = [];
    this.loaded = false;
    this.hasBefore = more;
    this.hasAfter = false;
  }

  /** @param {number} limit @returns {Promise<void>} */
  latest(limit) {
    if (this.loaded && !this.hasAfter) return Promise.resolve();
    return this.#load({ limit }, this.hasAfter);
  }

  /** @param {number} limit @returns {Promise<void>} */
  before(limit) {
    if (!this.loaded) return this.latest(limit);
    if (!this.hasBefore || !this.list.length) return Promise.resolve();
    return this.#load({ limit, before: this.list[0].seq });
  }

  /** @param {number} limit @returns {Promise<void>} */
  after(limit) {
    if (!this.hasAfter) return Promise.resolve();
    return this.#load({ limit, after: this.list.at(-1)?.seq ?? 0 });
  }

  /** @param {number} seq @param {number} limit @returns {Promise<void>} */
  around(seq, limit) { return this.#load({ limit, around: seq }, true); }

  /** @param {{limit: number, before?: number, after?: number, around?: number}} query @param {boolean} [anew] in place of what is here */
  #load(query, anew = false) {
    if (this.#loading && !anew) return this.#loading;
    const generation = anew ? ++this.#generation : this.#generation;
    this.#meanwhile = [];
    this.#edits = [];
    const load = this.#ask(query).then((page) => {
      if (generation !== this.#generation) return;
      this.#take(page, query, anew);
    }).finally(() => { if (this.#loading === load) this.#loading = null; });
    return (this.#loading = load);
  }

  #take(page, query, anew) {
    if (anew) {
      this.list = [];
      this.hasBefore = page.hasBefore;
      this.hasAfter = page.hasAfter;
    } else if (query.after !== undefined) {
      this.hasAfter = page.hasAfter && page.messages.length > 0;
    } else {
      const first = page.messages[0]?.seq;
      if (first === undefined ? true : first <= (this.list[0]?.seq ?? Infinity)) this.hasBefore = page.hasBefore && page.messages.length > 0;
    }
    this.loaded = true;
    for (const message of page.messages) {
      this.put(this.#edited({ reactions: [], ...message, type: 'message' }));
      this.#changed(message);
    }
    if (!this.hasAfter) for (const entry of this.#meanwhile) this.has(entry.seq) || this.put(entry);
    this.#changed();
  }

  /** A page may be older than what was told while it was on its way. @param {Message} message @returns {Message} */
  #edited(message) {
    const edits = this.#edits.filter(({ seq }) => seq === message.seq);
    if (edits.some(({ counts }) => counts)) this.#askAgain(message.seq);
    return edits.reduce((now, { edit, counts }) => (counts ? now : edit(now)), message);
  }

  /** A count may hold a change already, or not: what is asked for now holds all that was told until now. @param {number} seq */
  async #askAgain(seq) {
    if (this.#again.has(seq)) return;
    const generation = this.#generation;
    let message;
    do {
      this.#again.set(seq, false);
      const page = await this.#ask({ around: seq, limit: 1 }).catch(() => null); // what is here stays
      message = page?.messages.find((one) => one.seq === seq);
    } while (message && this.#again.get(seq));
    this.#again.delete(seq);
    if (!message || generation !== this.#generation || !this.has(seq)) return;
    this.put({ reactions: [], ...message, type: 'message' });
    this.#changed();
  }

  /** Something new at the end of the room. @param {Entry} entry */
  append(entry) {
    if (this.#loading) this.#meanwhile.push(entry);
    if (this.hasAfter) return;
    this.put(entry);
    if (this.list.length <= this.keep * 1.25) return;
    this.list.splice(0, this.list.length - this.keep);
    this.hasBefore = true;
  }

  /** Inserts by seq; the same seq again replaces. @param {Entry} entry */
  put(entry) {
    const { list } = this;
    let i = list.length;
    while (i > 0 && list[i - 1].seq > entry.seq) i--;
    const same = list[i - 1]?.seq === entry.seq;
    list.splice(same ? i - 1 : i, same ? 1 : 0, entry);
  }

  /** @param {number} seq */
  has(seq) { return this.at(seq) >= 0; }

  /** Where a seq stands in the list, or -1. @param {number} seq */
  at(seq) {
    let [low, high] = [0, this.list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.list[middle].seq < seq) low = middle + 1;
      else high = middle;
    }
    return this.list[low]?.seq === seq ? low : -1;
  }

  /** Forgets what is before a seq; there is nothing before the rest. @param {number} before */
  trim(before) {
    const kept = this.list.findIndex((entry) => entry.seq >= before);
    this.#meanwhile = this.#meanwhile.filter((entry) => entry.seq >= before);
    if (kept === 0) return;
    this.list = kept < 0 ? [] : this.list.slice(kept);
    if (kept > 0 || !this.hasAfter) this.hasBefore = false;
  }

  /** @param {number} seq @param {(message: any) => any} edit @param {boolean} [counts] it counts up or down: twice is not once */
  change(seq, edit, counts = false) {
    if (this.#loading) this.#edits.push({ seq, edit, counts });
    if (this.#again.has(seq)) this.#again.set(seq, true);
    const i = this.at(seq);
    if (i >= 0) this.list[i] = edit(this.list[i]);
    this.#meanwhile = this.#meanwhile.map((entry) => (entry.seq === seq ? edit(entry) : entry));
  }
}
