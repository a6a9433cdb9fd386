/**
 * natter.js: the natter client for browsers and for anything else with a WebSocket.
 * ES modules, no dependency, no build step. Each call with an example: services/gateway/web/SDK.md.
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

/** @typedef {import('./sdk/types.js').State} State */
/** @typedef {import('./sdk/types.js').Status} Status */
/** @typedef {import('./sdk/types.js').Options} Options */
/** @typedef {import('./sdk/types.js').Message} Message */
/** @typedef {import('./sdk/types.js').Notice} Notice */
/** @typedef {import('./sdk/types.js').Entry} Entry */
/** @typedef {import('./sdk/types.js').Outgoing} Outgoing */
/** @typedef {import('./sdk/types.js').Member} Member */

import { Chat } from './sdk/chat.js';

export { backoff, comesBack } from './sdk/backoff.js';
export { NatterError } from './sdk/error.js';
export { Room } from './sdk/room.js';
export { Chat };

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
