import { NatterError } from '../natter.js';
import { load, save } from './store.js';

/** @typedef {{token: string, user: {id: string, name: string}}} Pass a guest's token, and whom it names */

/** @returns {Pass|null} */
export function keptPass() {
  const pass = load('guest');
  return pass?.token ? pass : null;
}

export function forgetPass() {
  const name = keptPass()?.user.name;
  save('guest', null);
  if (name) save('name', name);
}

export function lastName() { return keptPass()?.user.name ?? load('name') ?? ''; }

/** A new guest. */
export async function enter(name) {
  return keep(await post({ name }), name);
}

/** The token to connect with: renewed when more than half of its life is over. */
export async function currentToken({ expired }) {
  const pass = keptPass();
  if (!pass) throw new NatterError('UNAUTHENTICATED', 'No guest token');
  if (!expired && !halfOver(pass.token)) return pass.token;
  try {
    return (await keep(await post({ token: pass.token, name: pass.user.name }), pass.user.name)).token;
  } catch (error) {
    if (expired || error.code === 'UNAUTHENTICATED') throw error;
    return pass.token; // it is still good; renewing can wait
  }
}

function keep(answer, name) {
  const pass = { token: answer.token, user: { name, ...answer.user } };
  save('guest', pass);
  save('name', pass.user.name);
  return pass;
}

/** Asks a server for a guest's token. @param {{name?: string, token?: string}} body @param {string} [server] its origin */
export async function post(body, server = '') {
  let response;
  try {
    response = await fetch(`${server}/v1/guest`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  } catch {
    throw new NatterError('UNAVAILABLE', 'Cannot reach the server');
  }
  if (response.ok) return response.json();
  const answer = await response.json().catch(() => ({}));
  const refused = body.token ? [400, 401, 403] : [401, 403];
  const code = refused.includes(response.status) ? 'UNAUTHENTICATED' : response.status === 429 ? 'RATE_LIMITED' : response.status < 500 ? 'BAD_REQUEST' : 'UNAVAILABLE';
  throw new NatterError(answer.error?.code ?? answer.code ?? code, answer.error?.message ?? answer.message ?? code);
}

function halfOver(token) {
  try {
    const { iat, exp } = JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
    return Date.now() / 1000 > (iat + exp) / 2;
  } catch {
    return false;
  }
}
