/** @import {Outgoing} from './types.js' */
import { NatterError } from './error.js';

/**
 * Messages not yet acked. Each has a storage key of its own, so tabs of one user do not overwrite each other: at worst
 * two tabs send the same message, and the server knows it by its clientMsgId.
 */
export class Outbox {
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
export function outgoing({ failed, ...kept }) {
  const item = /** @type {Outgoing} */ ({ attempt: 0, ...kept, state: failed ? 'failed' : 'pending' });
  if (failed) item.error = new NatterError(failed.code, failed.message);
  item.acked = new Promise((resolve, reject) => { item.settle = { resolve, reject }; });
  item.acked.catch(() => {}); // nobody has to listen
  return item;
}
