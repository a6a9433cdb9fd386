// What "Reconnecting" in proto/natter/client/v1/README.md asks of every client.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { backoff, connect } from '../static/natter.js';
import { online, settle, Socket, view, welcome } from './standin.mjs';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] }));
afterEach(() => mock.timers.reset());

/** How long it waits after a close, in ms. */
const waits = (chat) => chat.status.retryAt - Date.now();

test('full jitter: every wait up to the bound is as likely as any other', () => {
  for (const attempt of [0, 3, 20]) {
    const bound = Math.min(30_000, 500 * 2 ** attempt);
    for (const share of [0, 0.25, 0.5, 0.999]) assert.equal(backoff(attempt, () => share), Math.round(share * bound));
  }
});

test('4001 comes back at once the first time, and backs off like others after that', async () => {
  const { chat, socket } = await online();
  socket.end(4001);
  assert.equal(waits(chat), 250);
  mock.timers.tick(250);
  await settle();
  Socket.last.end(4001);
  assert.equal(waits(chat), 1000);
});

test('4009 waits two seconds at least, and as long as the backoff says', async () => {
  const { chat, socket } = await online({ random: () => 0 });
  socket.end(4009);
  assert.equal(waits(chat), 2000);
});

for (const code of [1000, 1001, 1006, 1009, 4002, 4008, 4010, 4011, 4999]) {
  test(`${code} comes back, spread over half a second`, async () => {
    const { chat, socket } = await online({ random: () => 0.5 });
    socket.end(code);
    assert.deepEqual([chat.state, waits(chat)], ['reconnecting', 250]);
  });
}

for (const code of [4400, 4401, 4403, 4408, 4409, 4499]) {
  test(`${code} does not come back`, async () => {
    const { chat, socket } = await online();
    socket.end(code, 'why');
    mock.timers.tick(3_600_000);
    await settle();
    assert.equal(Socket.all.length, 1);
    assert.deepEqual([chat.state, chat.status.code, chat.status.reason], ['closed', code, 'why']);
  });
}

test('4011: the past has changed, so the room begins again from its latest page', async () => {
  const { room, socket } = await online({ head: 10 });
  const resets = [];
  room.on('reset', ({ reason }) => resets.push(reason));
  room.loadLatest();
  await settle();
  socket.tell({ re: socket.asked('messages')[0].id, page: { room: 'lobby', messages: [], hasBefore: false, hasAfter: false } });
  await settle();
  socket.end(4011);
  mock.timers.tick(500);
  await settle();
  const next = await welcome({ epoch: '8', rooms: [view('lobby', 4, { resume: 'RESET' })] });
  assert.deepEqual(next.asked('hello')[0].resume, [{ room: 'lobby', seq: 10 }]);
  assert.deepEqual([resets, room.seq, room.entries], [['RESET'], 4, []]);
  assert.equal(next.asked('messages').length, 1);
  next.end(1006);
  mock.timers.tick(1000);
  await settle();
  const third = await welcome({ epoch: '8', rooms: [view('lobby', 4, { resume: 'COMPLETE' })] });
  assert.deepEqual([third.asked('hello')[0].epoch, third.asked('hello')[0].resume], ['8', [{ room: 'lobby', seq: 4 }]]);
});

test('a server that asks to wait is waited for', async () => {
  const { chat, socket } = await online();
  socket.end(1006);
  mock.timers.tick(500);
  await settle();
  Socket.last.accept();
  await settle();
  const [hello] = Socket.last.asked('hello');
  Socket.last.tell({ re: hello.id, error: { code: 'UNAVAILABLE', message: 'a moment', retryAfterMs: 7000 } });
  await settle();
  assert.equal(waits(chat), 7000);
});

test('a token that is refused is not tried again', async () => {
  const chat = connect({ url: 'https://chat.example', token: 't', storage: null, WebSocket: Socket, random: () => 1 });
  await settle();
  Socket.last.accept();
  await settle();
  Socket.last.tell({ re: 1, error: { code: 'UNAUTHENTICATED', message: 'the token does not hold', field: 'token' } });
  await settle();
  assert.deepEqual([chat.state, chat.status.code], ['closed', 4401]);
});

test('a refused handshake is a lost connection', async () => {
  const { chat, socket } = await online();
  socket.end(4001);
  mock.timers.tick(250);
  await settle();
  Socket.last.end(1006); // all that a browser tells of a 503
  assert.deepEqual([chat.state, waits(chat)], ['reconnecting', 1000]);
});

test('goaway: on with the old connection until then, and no failure', async () => {
  const { chat, socket } = await online();
  socket.tell({ goaway: { afterMs: 3000, reason: 'update' } });
  mock.timers.tick(2900);
  const rooms = chat.listRooms();
  await settle();
  socket.tell({ re: socket.asked('rooms')[0].id, roomList: { rooms: [] } });
  assert.deepEqual(await rooms, { rooms: [] });
  mock.timers.tick(100);
  await settle();
  const next = await welcome({ rooms: [view('lobby', 10, { resume: 'COMPLETE' })] });
  assert.deepEqual(next.asked('hello')[0].resume, [{ room: 'lobby', seq: 10 }]);
  assert.equal(chat.state, 'online');
  next.end(1006);
  assert.equal(waits(chat), 500); // the first try after a loss
});

test('goaway is forgotten with the connection that said it', async () => {
  const { socket } = await online();
  socket.tell({ goaway: { afterMs: 3000, reason: 'update' } });
  socket.end(4001);
  mock.timers.tick(250);
  await settle();
  const next = await welcome({ rooms: [view('lobby', 10, { resume: 'COMPLETE' })] });
  mock.timers.tick(3000);
  await settle();
  assert.equal(Socket.last, next);
});

test('a message without an ack goes out again: same id, higher attempt', async () => {
  const { room, socket } = await online();
  room.send('hello');
  await settle();
  const [first] = socket.asked('send');
  socket.end(4008);
  mock.timers.tick(500);
  await settle();
  const next = await welcome({ rooms: [view('lobby', 10, { resume: 'COMPLETE' })] });
  const [again] = next.asked('send');
  assert.deepEqual([first.attempt, again.attempt, again.clientMsgId], [1, 2, first.clientMsgId]);
});

test('signals go out and come in, and are not kept for later', async () => {
  const { room, socket, chat } = await online();
  const heard = [];
  room.on('signal', ({ user, name, data }) => heard.push([user, name, data]));
  chat.on('signal', ({ room: id }) => heard.push(id));
  room.signal('cursor', { position: 118 });
  room.signal('bare');
  assert.deepEqual(socket.sent.filter((f) => f.signal), [
    { signal: { room: 'lobby', name: 'cursor', data: { position: 118 } } }, { signal: { room: 'lobby', name: 'bare' } },
  ]);
  socket.tell({ signal: { room: 'lobby', user: 'u2', name: 'cursor', data: { position: 5 } } });
  assert.deepEqual(heard, [['u2', 'cursor', { position: 5 }], 'lobby']);
  socket.end(1006);
  room.signal('cursor', { position: 119 });
  mock.timers.tick(500);
  await settle();
  const next = await welcome({ rooms: [view('lobby', 10, { resume: 'COMPLETE' })] });
  assert.equal(next.sent.filter((f) => f.signal).length, 0);
});

test('notices are told: to the room that they are for, and to all', async () => {
  const { room, socket, chat } = await online();
  const heard = [];
  room.on('notice', ({ text }) => heard.push(['room', text]));
  chat.on('notice', ({ text, data }) => heard.push(['chat', text, data]));
  socket.tell({ notice: { text: 'to all', data: { level: 'warning' } } });
  socket.tell({ notice: { text: 'to the lobby', room: 'lobby' } });
  socket.tell({ notice: { text: 'to another', room: 'other' } });
  assert.deepEqual(heard, [
    ['chat', 'to all', { level: 'warning' }], ['room', 'to the lobby'], ['chat', 'to the lobby', undefined], ['chat', 'to another', undefined],
  ]);
});
