import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { backoff, comesBack, connect, NatterError } from '../static/natter.js';
import { online, settle, Socket, view, welcome } from './standin.mjs';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] }));
afterEach(() => mock.timers.reset());

test('backoff doubles to a bound, and is spread over all of it', () => {
  assert.deepEqual([0, 1, 2, 10].map((n) => backoff(n, () => 1)), [500, 1000, 2000, 30_000]);
  assert.equal(backoff(5, () => 0), 0);
});

test('only 44xx ends it', () => {
  assert.deepEqual([1006, 4001, 4011, 4399, 4400, 4499, 4500].map(comesBack), [true, true, true, true, false, false, true]);
});

test('hello names the token, the rooms to resume and the epoch', async () => {
  const { socket } = await online({ head: 10 });
  assert.equal(socket.url, 'wss://chat.example/v1/ws');
  assert.deepEqual(socket.protocols, ['natter.v1.json']);
  const [first] = socket.asked('hello');
  assert.deepEqual([first.token, first.resume, first.epoch], ['t', [], undefined]);
  socket.end(1006);
  mock.timers.tick(500);
  await settle();
  const next = await welcome({ rooms: [view('lobby', 10, { resume: 'COMPLETE' })] });
  assert.deepEqual(next.asked('hello')[0].resume, [{ room: 'lobby', seq: 10 }]);
  assert.equal(next.asked('hello')[0].epoch, '7');
});

test('a lost connection is tried again, later each time, until one stays', async () => {
  const { chat, socket } = await online();
  socket.end(1006);
  assert.equal(chat.state, 'reconnecting');
  assert.equal(chat.status.retryAt, Date.now() + 500);
  for (const wait of [500, 1000, 2000]) {
    const before = Socket.all.length;
    mock.timers.tick(wait - 1);
    await settle();
    assert.equal(Socket.all.length, before);
    mock.timers.tick(1);
    await settle();
    assert.equal(Socket.all.length, before + 1);
    Socket.last.end(1006);
  }
  mock.timers.tick(4000);
  await settle();
  await welcome({ rooms: [view('lobby', 10, { resume: 'COMPLETE' })] });
  mock.timers.tick(10_000);
  Socket.last.end(1006);
  assert.equal(chat.status.retryAt, Date.now() + 500);
});

test('a close that asks not to come back is obeyed', async () => {
  const { chat, socket } = await online();
  socket.end(4403, 'banned');
  mock.timers.tick(120_000);
  await settle();
  assert.equal(Socket.all.length, 1);
  assert.deepEqual([chat.state, chat.status.code, chat.status.reason], ['closed', 4403, 'banned']);
  await assert.rejects(chat.request('rooms'), { code: 'CLOSED' });
});

test('an expired token is asked for anew', async () => {
  const asked = [];
  const getToken = (why) => { asked.push(why.expired); return 't'; };
  const { socket } = await online({ getToken });
  socket.end(4002);
  mock.timers.tick(500);
  await settle();
  assert.deepEqual(asked, [false, true]);
});

test('a token that cannot be had any more ends it', async () => {
  const getToken = async () => { throw new NatterError('UNAUTHENTICATED', 'who?'); };
  const chat = connect({ url: 'https://chat.example', getToken, storage: null, WebSocket: Socket });
  await settle();
  assert.deepEqual([chat.state, chat.status.code], ['closed', 4401]);
});

test('goaway moves to a new connection when it says so', async () => {
  const { socket } = await online();
  socket.tell({ goaway: { afterMs: 3000, reason: 'update' } });
  mock.timers.tick(2999);
  await settle();
  assert.equal(Socket.all.length, 1);
  mock.timers.tick(1);
  await settle();
  assert.equal(Socket.all.length, 2);
  assert.equal(socket.readyState, 3);
});

test('a warning that the token expires is answered with a newer one, and the connection stays', async () => {
  const tokens = ['t', 'newer'];
  const asked = [];
  const getToken = async (why) => { asked.push(why.expired); return tokens.shift(); };
  const { chat, socket } = await online({ getToken });
  socket.tell({ goaway: { afterMs: 3000, reason: 'token expires' } });
  socket.tell({ goaway: { afterMs: 2900, reason: 'token expires' } });
  await settle();
  const refreshes = socket.asked('refresh');
  assert.deepEqual(refreshes.map(({ token }) => token), ['newer']);
  socket.tell({ re: refreshes[0].id, ok: {} });
  for (let i = 0; i < 5; i++) mock.timers.tick(1_000);
  await settle();
  assert.deepEqual(asked, [false, true]);
  assert.equal(Socket.all.length, 1);
  assert.equal(chat.state, 'online');
});

test('without a way to a newer token, the warning changes nothing', async () => {
  const { chat, socket } = await online();
  socket.tell({ goaway: { afterMs: 1000, reason: 'token expires' } });
  mock.timers.tick(2_000);
  await settle();
  assert.equal(socket.asked('refresh').length, 0);
  assert.equal(Socket.all.length, 1);
  assert.equal(chat.state, 'online');
});

test('a silent link is asked, and left when it does not answer', async () => {
  const { chat, socket } = await online();
  for (let i = 0; i < 10; i++) mock.timers.tick(5_000);
  assert.equal(socket.asked('ping').length, 1);
  socket.tell({ re: socket.asked('ping')[0].id, pong: {} });
  mock.timers.tick(8_000);
  assert.equal(chat.state, 'online');
  for (let i = 0; i < 12; i++) mock.timers.tick(5_000);
  await settle();
  assert.equal(chat.state, 'reconnecting');
});

test('requests get their own answers, and errors as errors', async () => {
  const { chat, socket } = await online();
  const list = chat.listRooms({ query: 'x' });
  const bad = chat.request('nonsense');
  await settle();
  const [rooms] = socket.asked('rooms');
  const [nonsense] = socket.asked('nonsense');
  socket.tell({ re: nonsense.id, error: { code: 'BAD_REQUEST', message: 'what?', field: 'nonsense' } });
  socket.tell({ re: rooms.id, roomList: { rooms: [] }, later: 1 });
  assert.deepEqual(await list, { rooms: [] });
  await assert.rejects(bad, { code: 'BAD_REQUEST', field: 'nonsense' });
});

test('a watched room that is not in the welcome is watched again', async () => {
  const { socket } = await online();
  socket.tell({ room: view('news', 5, { role: 'ROLE_UNSPECIFIED' }) });
  socket.end(1006);
  mock.timers.tick(500);
  await settle();
  const next = await welcome({ rooms: [view('lobby', 10, { resume: 'COMPLETE' })] });
  assert.deepEqual(next.asked('watch').map(({ room, seq }) => [room, seq]), [['news', 5]]);
});
