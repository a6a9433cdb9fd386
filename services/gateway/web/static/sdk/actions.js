/** @import {Message} from './types.js' */
import { Emitter } from './emitter.js';

/**
 * What one may ask of a room besides sending and reading. Each settles when the server has stored it; a NatterError
 * says why it did not. Who may do what: the table in services/history/room.
 */
export class RoomActions extends Emitter {
  id = '';

  /** @package @param {string} name @param {object} body @returns {Promise<any>} */
  _ask(name, body) { throw new Error(`${name}: not connected ${body}`); }

  /**
   * Changes the text of one's own message.
   * @param {number} seq @param {string} text
   * @example await room.edit(message.seq, 'What I meant');
   */
  edit(seq, text) { return this._ask('edit', { seq, text }); }

  /**
   * Takes a message's text away for good: one's own, or as a moderator another's.
   * @param {number} seq
   * @example await room.delete(message.seq);
   */
  delete(seq) { return this._ask('delete', { seq }); }

  /**
   * Adds a reaction, or takes it back.
   * @param {number} seq @param {string} emoji @param {boolean} [remove]
   * @example await room.react(message.seq, '👍');
   */
  react(seq, emoji, remove = false) { return this._ask('react', { seq, emoji, ...(remove && { remove }) }); }

  /**
   * A page of the messages of a thread, rising by seq.
   * @param {number} seq of the message that it hangs from
   * @param {{before?: number, after?: number, limit?: number}} [query]
   * @returns {Promise<{messages: Message[], hasBefore: boolean, hasAfter: boolean}>}
   * @example const { messages } = await room.thread(message.seq);
   */
  thread(seq, query = {}) { return this._ask('messages', { thread: seq, ...query }); }

  /**
   * One message as it stands now, or undefined.
   * @param {number} seq
   * @returns {Promise<Message|undefined>}
   * @example const message = await room.message(118);
   */
  async message(seq) {
    const { messages } = await this._ask('messages', { around: seq, limit: 1 });
    return messages.find((message) => message.seq === seq);
  }

  /**
   * Sets what is named, and leaves the rest; for moderators, `archived` for owners.
   * @param {{name?: string, topic?: string, slowModeSeconds?: number, archived?: boolean}} change
   * @example await room.update({ topic: 'Lunch', slowModeSeconds: 10 });
   */
  update(change) { return this._ask('updateRoom', change); }

  /**
   * Closes the room for ever; for owners.
   * @example await room.deleteRoom();
   */
  deleteRoom() { return this._ask('deleteRoom', {}); }

  /** @param {string} user @example await room.invite('bo'); */
  invite(user) { return this._ask('invite', { user }); }

  /** @param {string} user @param {{reason?: string}} [more] @example await room.kick('bo', { reason: 'noise' }); */
  kick(user, { reason } = {}) { return this._ask('kick', { user, ...(reason && { reason }) }); }

  /**
   * @param {string} user
   * @param {{reason?: string, until?: Date|number|string}} [more] without `until` it does not end
   * @example await room.ban('bo', { until: Date.now() + 86_400_000 });
   */
  ban(user, { reason, until } = {}) { return this._ask('ban', { user, ...(reason && { reason }), ...moment(until) }); }

  /** @param {string} user @example await room.unban('bo'); */
  unban(user) { return this._ask('unban', { user }); }

  /**
   * Keeps a member from writing.
   * @param {string} user @param {{until?: Date|number|string}} [more]
   * @example await room.mute('bo', { until: Date.now() + 600_000 });
   */
  mute(user, { until } = {}) { return this._ask('mute', { user, ...moment(until) }); }

  /** @param {string} user @example await room.unmute('bo'); */
  unmute(user) { return this._ask('unmute', { user }); }

  /**
   * @param {string} user @param {'OWNER'|'MODERATOR'|'MEMBER'|'READER'} role
   * @example await room.setRole('bo', 'MODERATOR');
   */
  setRole(user, role) { return this._ask('setRole', { user, role }); }
}

/** @param {Date|number|string|undefined} until */
function moment(until) { return until === undefined ? {} : { until: new Date(until).toISOString() }; }
