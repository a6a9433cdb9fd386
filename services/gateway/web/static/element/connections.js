import { connect } from '../natter.js';

const open = new Map(); // server and key → {chat, borrowers}

/**
 * A connection, shared by the elements of a page that have the same server and token source. It ends with the last one.
 * @param {string} server
 * @param {import('./token-source.js').TokenSource} source
 */
export function lend(server, source) {
  const name = source.key ? `${server} ${source.key}` : Symbol('its own');
  let shared = open.get(name);
  if (!shared) {
    shared = { chat: connect({ url: server, getToken: source.getToken, agent: 'natter-room' }), borrowers: 0 };
    open.set(name, shared);
  }
  shared.borrowers++;
  const ends = [];
  return {
    chat: shared.chat,
    /** @param {() => void} end called when it is given back */
    until(end) { ends.push(end); },
    giveBack() {
      for (const end of ends.splice(0)) end();
      if (--shared.borrowers) return;
      open.delete(name);
      shared.chat.close();
    },
  };
}
