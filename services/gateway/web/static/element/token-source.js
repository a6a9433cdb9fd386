import { NatterError } from '../natter.js';
import { post } from '../page/guest.js';

/**
 * How an element comes to its token.
 * @typedef {object} TokenSource
 * @property {string} key             the same for elements that may share a connection
 * @property {(why: {expired: boolean}) => string|Promise<string>} getToken
 * @property {((name: string) => Promise<void>)|null} [enter]  to be called with a name before the first `getToken`
 */

/** @param {any} element a <natter-room> @param {string} server @returns {TokenSource|null} */
export function tokenSource(element, server) {
  const token = element.getAttribute('token');
  const url = element.getAttribute('token-url');
  const guest = element.getAttribute('guest');
  if (token) return { key: `token ${token}`, getToken: () => token };
  if (url) return { key: `url ${url}`, getToken: () => asked(url) };
  if (element.getToken) return { key: '', getToken: (why) => element.getToken(why) };
  if (guest !== null) return guestSource(server, guest);
  return null;
}

async function asked(url) {
  let response;
  try {
    response = await fetch(url, { credentials: 'same-origin', cache: 'no-store', headers: { accept: 'application/json, text/plain' } });
  } catch {
    throw new NatterError('UNAVAILABLE', `${url} cannot be reached`);
  }
  if (response.status === 401 || response.status === 403) throw new NatterError('UNAUTHENTICATED', `${url} gives no token: ${response.status}`);
  if (!response.ok) throw new NatterError('UNAVAILABLE', `${url} answers ${response.status}`);
  const text = (await response.text()).trim();
  return text.startsWith('{') ? JSON.parse(text).token : text;
}

const guests = new Map(); // by server and name: two rooms on a page are one guest

function guestSource(server, name) {
  const key = `guest ${server} ${name}`;
  if (!guests.has(key)) guests.set(key, { token: '' });
  const kept = guests.get(key);
  const enter = async (as) => { kept.token = (await post({ name: as }, server)).token; };
  const getToken = async ({ expired }) => {
    if (!kept.token) await enter(name);
    else if (expired) kept.token = (await post({ token: kept.token }, server)).token;
    return kept.token;
  };
  return { key, getToken, enter: name || kept.token ? null : enter };
}
