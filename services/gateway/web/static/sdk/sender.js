import { backoff } from './backoff.js';
import { NatterError } from './error.js';
import { outgoing } from './outbox.js';

/** Brings the outbox to the server. One message is under way per room, so that no retry can change the order. */
export class Sender {
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

/** `crypto.randomUUID` is there on secure origins only; a phone on the office network may not have one. */
function uuid() {
  if (globalThis.crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
