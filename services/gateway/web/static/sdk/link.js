/** @import {Options, Status} from './types.js' */
import { backoff, comesBack } from './backoff.js';
import { Emitter } from './emitter.js';
import { NatterError } from './error.js';

const SUBPROTOCOL = 'natter.v1.json';
const REQUEST_MS = 20_000; // above the server's own deadline of 15 s, so that its answer is the one we hear
const SILENCE_MS = 45_000;
const PONG_MS = 8_000;
const DIAL_MS = 4_000;

/** One socket after another to the same server: dialling, backing off, asking, noticing a dead link. */
export class Link extends Emitter {
  /** @type {Status} */ status = { state: 'connecting' };

  #options;
  #greeting;
  #socket = null;
  #turn = 0; // counts connections; what belongs to an earlier one is stale
  #attempt = 0;
  #known = false; // was online before
  #expired = false;
  #id = 0;
  #greeted = 0; // the id of the hello
  #refreshing = 0; // the turn in which a refresh is under way
  #waiting = new Map(); // request id → how to settle it
  #timers = { retry: 0, goaway: 0, refresh: 0, steady: 0 };
  #pulse = 0;
  #heard = 0;
  #ticked = 0;
  #windows = null;

  /** @param {Options} options @param {() => object} greeting what `hello` says besides the token */
  constructor(options, greeting) {
    super();
    this.#options = options;
    this.#greeting = greeting;
  }

  get turn() { return this.#turn; }

  open() {
    if (!this.#windows) this.#listen();
    this.#attempt = 0;
    this.#expired ||= [4002, 4401].includes(this.status.code);
    this.#dial();
  }

  retryNow() {
    if (['reconnecting', 'offline'].includes(this.status.state) && !this.#socket) this.#dial();
  }

  close() {
    this.#windows?.abort();
    this.#windows = null;
    this.#stop(1000, 'closed by the client');
  }

  /** Connects anew after `ms`, without counting it as a failure. */
  renewIn(ms) {
    clearTimeout(this.#timers.goaway);
    this.#timers.goaway = setTimeout(() => this.#dial(), ms);
  }

  /** Settles when the connection is there, or is known not to come back. */
  online() {
    const { state, reason } = this.status;
    if (state === 'online') return Promise.resolve();
    if (state === 'closed') return Promise.reject(new NatterError('CLOSED', reason));
    return new Promise((/** @type {(value?: void) => void} */ resolve, reject) => {
      const end = this.on('state', (status) => {
        if (!['online', 'closed'].includes(status.state)) return;
        end();
        if (status.state === 'online') resolve();
        else reject(new NatterError('CLOSED', status.reason));
      });
    });
  }

  /** Sends a request on the present connection; the answer's body, or a NatterError. */
  call(name, body, ms = REQUEST_MS) {
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      if (!this.#write({ id, [name]: body })) {
        reject(new NatterError('DISCONNECTED', 'Not connected'));
        return;
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new NatterError('TIMEOUT', 'The server did not answer in time'));
      }, ms);
      const settle = (then) => (value) => { clearTimeout(timer); then(value); };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
    });
  }

  /** Sends a frame that needs no answer and is not worth keeping. */
  cast(name, body) { if (this.status.state === 'online') this.#write({ [name]: body }); }

  #write(frame) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  async #dial() {
    this.#drop();
    const turn = this.#turn;
    this.#setStatus({ ...this.status, state: this.#known ? 'reconnecting' : 'connecting', retryAt: undefined });
    const { token: fixed, getToken } = this.#options;
    let token;
    try {
      token = getToken ? await getToken({ expired: this.#expired }) : fixed;
      this.#expired = false;
    } catch (error) {
      if (turn === this.#turn) this.#refused(error);
      return;
    }
    if (turn !== this.#turn) return;
    const socket = new this.#options.WebSocket(endpoint(this.#options.url), [SUBPROTOCOL]);
    this.#socket = socket;
    this.#pulse = setInterval(() => this.#beat(), 5_000);
    this.#heard = this.#ticked = Date.now();
    socket.onopen = () => this.#hello(token);
    socket.onmessage = ({ data }) => this.#frame(data);
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
    socket.onerror = () => {}; // a close follows
  }

  async #hello(token) {
    const turn = this.#turn;
    this.#greeted = this.#id + 1;
    try {
      await this.call('hello', { token, ...this.#greeting() });
      this.#refreshBefore(token);
    } catch (error) {
      if (turn === this.#turn) this.#refused(error);
    }
  }

  #refused(error) {
    if (error.code === 'UNAUTHENTICATED') this.#stop(4401, error.message);
    else if (error.code === 'FORBIDDEN') this.#stop(4403, error.message);
    else this.#lost(0, error.message, error.retryAfterMs);
  }

  #frame(data) {
    this.#heard = Date.now();
    let frame;
    try { frame = JSON.parse(data); } catch { return; }
    const { re, ...rest } = frame;
    const [name, body] = Object.entries(rest).find(([, value]) => value && typeof value === 'object') ?? [];
    if (name) this._emit('frame', { name, body });
    if (name === 'welcome') this.#welcomed();
    const id = name === 'welcome' ? this.#greeted : re;
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    if (name === 'error') waiting.reject(new NatterError(body.code, body.message, body));
    else waiting.resolve(body ?? {});
  }

  #welcomed() {
    this.#known = true;
    clearTimeout(this.#timers.steady);
    this.#timers.steady = setTimeout(() => { this.#attempt = 0; }, 10_000); // a server that drops us at once is no success
    this.#setStatus({ state: 'online' });
  }

  #lost(code, reason = '', retryAfterMs = 0) {
    this._emit('lost', code);
    if (!comesBack(code)) {
      this.#stop(code, reason);
      return;
    }
    this.#drop();
    if (code === 4002) this.#expired = true;
    let wait = backoff(this.#attempt, this.#options.random);
    if (code === 4001 && this.#attempt === 0) wait = Math.min(wait, 250); // the server spread its clients already
    wait = Math.max(wait, retryAfterMs, code === 4009 ? 2_000 : 0);
    this.#attempt++;
    const offline = globalThis.navigator?.onLine === false;
    const state = offline ? 'offline' : this.#known ? 'reconnecting' : 'connecting';
    this.#setStatus({ state, retryAt: Date.now() + wait, code, reason });
    this.#timers.retry = setTimeout(() => this.#dial(), wait);
  }

  #stop(code, reason) {
    this.#drop();
    this.#setStatus({ state: 'closed', code, reason });
  }

  /** Lets go of the present socket without waiting for its close handshake, which a dead link never ends. */
  #drop() {
    this.#turn++;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    clearInterval(this.#pulse);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      try { socket.close(1000); } catch { /* closed already */ }
    }
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this._emit('drop');
    for (const { reject } of waiting) reject(new NatterError('DISCONNECTED', 'The connection was lost before the answer came'));
  }

  #setStatus(status) {
    const same = status.state === this.status.state && status.retryAt === this.status.retryAt;
    this.status = status;
    if (!same) this._emit('state', status);
  }

  #listen() {
    this.#windows = new AbortController();
    const { signal } = this.#windows;
    const check = () => (this.#socket ? this.#probe() : this.retryNow());
    const hear = (target, name, listener) => target?.addEventListener?.(name, listener, { signal });
    hear(globalThis, 'online', check);
    hear(globalThis, 'offline', () => {
      if (this.#socket) this.#probe();
      else if (this.status.state === 'reconnecting') this.#setStatus({ ...this.status, state: 'offline' });
    });
    hear(globalThis.document, 'visibilitychange', () => globalThis.document.visibilityState === 'visible' && check());
  }

  #beat() {
    const now = Date.now();
    const slept = now - this.#ticked > 30_000;
    this.#ticked = now;
    if (slept || now - this.#heard > (this.status.state === 'online' ? SILENCE_MS : DIAL_MS)) this.#probe();
  }

  /** Asks whether the link still lives; no frame within some seconds means that it does not. */
  #probe() {
    const turn = this.#turn;
    const since = this.#heard;
    if (this.status.state === 'online') this.call('ping', {}).catch(() => {});
    setTimeout(() => {
      if (turn === this.#turn && this.#heard === since) this.#lost(0, 'no answer');
    }, PONG_MS);
  }

  #refreshBefore(token) {
    const { getToken } = this.#options;
    const left = expiry(token) - Date.now();
    if (!getToken || !Number.isFinite(left)) return;
    this.#timers.refresh = setTimeout(() => this.refresh(), Math.min(Math.max(left * 0.8, 1_000), 2 ** 31 - 1));
  }

  /** Asks for a newer token and gives it to the server, once at a time. */
  async refresh() {
    const turn = this.#turn;
    const { getToken } = this.#options;
    if (!getToken || this.#refreshing === turn) return;
    this.#refreshing = turn;
    clearTimeout(this.#timers.refresh);
    try {
      const next = await getToken({ expired: true });
      if (turn !== this.#turn) return;
      await this.call('refresh', { token: next });
      this.#refreshBefore(next);
    } catch { /* the server closes with 4002, and the next connection asks again */
    } finally {
      if (this.#refreshing === turn) this.#refreshing = 0;
    }
  }
}

function endpoint(url) {
  const full = new URL(url ?? '/', globalThis.location?.href);
  full.protocol = full.protocol.replace('http', 'ws');
  if (full.pathname === '/') full.pathname = '/v1/ws';
  return full.href;
}

function expiry(token) {
  try {
    const claims = JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
    return claims.exp * 1000;
  } catch {
    return NaN;
  }
}
