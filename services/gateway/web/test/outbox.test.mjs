import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Memory, message, online, settle, Socket, view, welcome } from './standin.mjs';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] }));
afterEach(() => mock.timers.reset());

const sent = (socket) => socket.asked('send').map(({ text, attempt }) => [text, attempt]);
const ack = (socket, n, seq, more = {}) => {
  socket.tell({ re: socket.asked('send')[n].id, ack: { room: 'lobby', seq, time: '2026-01-02T03:04:05Z', duplicate: false, durability: 'DISK', ...more } });
  return settle();
};
const refuse = (socket, n, code, retryAfterMs) => {
  socket.tell({ re: socket.asked('send')[n].id, error: { code, message: code, ...(retryAfterMs && { retryAfterMs }) } });
  return settle();
};
const again = async () => {
  Socket.last.end(1006);
  mock.timers.tick(500);
  await settle();
  return welcome({ rooms: [view('lobby', 10, { resume: 'COMPLETE' })] });
};

test('one at a time, in order', async () => {
  const { room, socket } = await online();
  for (const text of ['a', 'b', 'c']) room.send(text);
  assert.deepEqual(sent(socket), [['a', 1]]);
  await ack(socket, 0, 11);
  assert.deepEqual(sent(socket), [['a', 1], ['b', 1]]);
  assert.deepEqual(room.outgoing.map((item) => item.text), ['b', 'c']);
});

test('acked says where it stands; the event that follows is no second message', async () => {
  const { room, socket } = await online();
  room.loadLatest();
  await settle();
  socket.tell({ re: socket.asked('messages')[0].id, page: { room: 'lobby', messages: [], hasBefore: false, hasAfter: false } });
  await settle();
  const item = room.send('a');
  await ack(socket, 0, 11);
  assert.equal((await item.acked).seq, 11);
  assert.equal(item.state, 'acked');
  socket.tell(message(11, 'a', { user: 'u1', clientMsgId: item.clientMsgId }));
  assert.deepEqual(room.entries.map((entry) => [entry.seq, entry.text]), [[11, 'a']]);
});

test('the event alone settles it, too', async () => {
  const { room, socket } = await online();
  const item = room.send('a');
  socket.tell(message(11, 'a', { user: 'u1', clientMsgId: item.clientMsgId }));
  assert.deepEqual([item.state, room.outgoing.length], ['acked', 0]);
});

test('unacked messages go out again after a reconnect, same id, higher attempt', async () => {
  const { room, socket } = await online();
  const [a, b] = [room.send('a'), room.send('b')];
  const next = await again();
  assert.deepEqual(sent(next), [['a', 2]]);
  assert.equal(next.asked('send')[0].clientMsgId, socket.asked('send')[0].clientMsgId);
  await ack(next, 0, 11, { duplicate: true });
  assert.deepEqual(sent(next), [['a', 2], ['b', 1]]);
  assert.deepEqual([a.state, b.state], ['acked', 'pending']);
});

test('and after a reload', async () => {
  const storage = new Memory();
  const first = await online({ storage });
  first.room.send('a');
  mock.timers.tick(1);
  first.room.send('b');
  first.chat.close();
  const second = await online({ storage });
  assert.deepEqual(sent(second.socket), [['a', 2]]);
  await ack(second.socket, 0, 11);
  assert.deepEqual(sent(second.socket), [['a', 2], ['b', 1]]);
  await ack(second.socket, 1, 12);
  assert.equal(storage.length, 0);
});

test('attempt 1 is never promised for what another tab may have sent', async () => {
  const storage = new Memory();
  const one = await online({ storage });
  one.socket.end(1006);
  one.room.send('a');
  const other = await online({ storage });
  assert.deepEqual(sent(other.socket), [['a', 1]]);
  const [item] = one.room.outgoing;
  assert.equal(one.chat._outbox.nextAttempt(item), 2);
});

test('RATE_LIMITED waits and keeps the order', async () => {
  const { room, socket } = await online();
  for (const text of ['a', 'b']) room.send(text);
  await refuse(socket, 0, 'RATE_LIMITED', 700);
  mock.timers.tick(699);
  assert.equal(sent(socket).length, 1);
  mock.timers.tick(1);
  assert.deepEqual(sent(socket), [['a', 1], ['a', 2]]);
  await ack(socket, 1, 11);
  assert.deepEqual(sent(socket).at(-1), ['b', 1]);
});

test('UNAVAILABLE means unknown: the same id goes again', async () => {
  const { room, socket } = await online();
  room.send('a');
  await refuse(socket, 0, 'UNAVAILABLE');
  mock.timers.tick(2000);
  const [one, two] = socket.asked('send');
  assert.deepEqual([one.clientMsgId === two.clientMsgId, two.attempt], [true, 2]);
});

test('a refused message fails with its reason, and the next goes on', async () => {
  const storage = new Memory();
  const { room, socket } = await online({ storage });
  const [a, b] = [room.send('a'), room.send('b')];
  await refuse(socket, 0, 'FORBIDDEN');
  assert.deepEqual([a.state, a.error.code], ['failed', 'FORBIDDEN']);
  await assert.rejects(a.acked, { code: 'FORBIDDEN' });
  assert.deepEqual(sent(socket).at(-1), ['b', 1]);
  room.retry(a.clientMsgId);
  await ack(socket, 1, 11);
  assert.deepEqual(sent(socket).at(-1), ['a', 2]);
  await refuse(socket, 2, 'FORBIDDEN');
  room.discard(a.clientMsgId);
  assert.deepEqual([room.outgoing.length, storage.length, b.state], [0, 0, 'acked']);
});

test('a frame the server closes for is not sent for ever', async () => {
  const { chat, room, socket } = await online();
  const item = room.send('x'.repeat(100));
  socket.end(1009);
  assert.deepEqual([item.state, item.error.code, chat.state], ['failed', 'TOO_LARGE', 'reconnecting']);
});

test('another user gets another outbox', async () => {
  const storage = new Memory();
  const { room, chat } = await online({ storage });
  Socket.last.end(1006);
  room.send('mine');
  mock.timers.tick(500);
  await settle();
  Socket.last.accept();
  await settle();
  Socket.last.tell({ welcome: { session: 's', user: { id: 'u9', name: 'Other' }, epoch: '7', rooms: [], limits: {} } });
  await settle();
  assert.deepEqual([sent(Socket.last), chat.waiting, storage.length], [[], 0, 1]);
});
