// What the SDK hands out and takes, as types for editors and for tsc.

/** @import {NatterError} from './error.js' */

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
 * @property {number} [replyCount] messages in the thread that hangs from it
 * @property {string[]} [mentions]
 * @property {{emoji: string, count: number, mine: boolean}[]} reactions
 *
 * @typedef {object} Notice  an event that is no message
 * @property {'created'|'updated'|'retentionSet'|'joined'|'left'|'removed'|'unbanned'|'muted'|'unmuted'|'roleSet'|'closed'} type
 * @property {number} seq
 * @property {string} by      who did it
 * @property {string} user    whom it is about
 * @property {string} time
 * @property {any} change     what the event says
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
 * @property {Promise<{seq: number, duplicate: boolean, durability?: string}>} acked  settles when it is stored, or will not be
 * @property {{resolve: (ack: any) => void, reject: (error: Error) => void}} settle  the SDK's own
 * @property {object} [data]
 * @property {number} [replyTo]
 * @property {number} [thread]
 *
 * @typedef {object} Member
 * @property {string} user
 * @property {string} name
 * @property {string} role
 * @property {string} state
 * @property {string} [text]      what they say of themselves
 * @property {string} [lastSeen]  of one who is OFFLINE, where the server tells it
 */

export {};
