import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { message, online, settle, Socket, view, welcome } from './standin.mjs';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] }));
afterEach(() => {
  mock.restoreAll();
  mock.timers.reset();
});

const seqs = (room) => room.entries.map((entry) => entry.seq);
const messages = (...list) => list.map((seq) => ({ seq, user: 'u2', name: 'Bo', text: `m${seq}`, reactions: [] }));

/** Answers the newest question for a page. */
async function page(socket, list, more = {}) {
  const ask = socket.asked('messages').at(-1);
  socket.tell({ re: ask.id, page: { room: 'lobby', messages: messages(...list), hasBefore: true, hasAfter: false, ...more } });
  await settle();
  return ask;
}

test('a window in the past goes on in both directions, and meets the newest without a hole or a double', async () => {
  const { room, socket } = await online({ head: 100 });
  room.loadAround(50);
  await settle();
  const ask = await page(socket, [49, 50, 51], { hasAfter: true });
  assert.equal(ask.around, 50);
  assert.deepEqual([room.hasBefore, room.hasAfter], [true, true]);
  socket.tell(message(101, 'm101')); // told, and not put where a hole would be before it
  assert.deepEqual([seqs(room), room.seq, room.latest.seq], [[49, 50, 51], 101, 51]);
  room.loadBefore();
  await settle();
  assert.equal((await page(socket, [48])).before, 49);
  room.loadAfter();
  await settle();
  socket.tell(message(102, 'm102')); // while the page that reaches the end is under way
  assert.equal((await page(socket, [52, 100, 101])).after, 51);
  assert.deepEqual(seqs(room), [48, 49, 50, 51, 52, 100, 101, 102]);
  assert.equal(room.hasAfter, false);
  socket.tell(message(103, 'm103'));
  assert.equal(seqs(room).at(-1), 103);
});

test('coming back to the newest replaces the window', async () => {
  const { room, socket } = await online({ head: 100 });
  room.loadAround(50);
  await settle();
  await page(socket, [50], { hasAfter: true });
  room.loadLatest();
  await settle();
  socket.tell(message(101, 'm101'));
  await page(socket, [99, 100]);
  assert.deepEqual(seqs(room), [99, 100, 101]);
});

test('a page that was asked for before a jump comes too late', async () => {
  const { room, socket } = await online({ head: 100 });
  room.loadLatest();
  await settle();
  const late = socket.asked('messages')[0];
  room.loadAround(50);
  await settle();
  await page(socket, [50], { hasAfter: true });
  socket.tell({ re: late.id, page: { room: 'lobby', messages: messages(100), hasBefore: true, hasAfter: false } });
  await settle();
  assert.deepEqual(seqs(room), [50]);
});

test('answers in a thread are counted where it hangs from, once', async () => {
  const { room, socket } = await online({ head: 10 });
  socket.tell(message(11, 'root'));
  const answer = { event: { room: 'lobby', seq: 12, time: '2026-01-02T03:04:05Z', user: 'u2', message: { text: 'a', thread: 11, mentions: [] } } };
  socket.tell(answer);
  socket.tell(answer);
  assert.equal(room.entry(11).replyCount, 1);
  socket.tell({ event: { room: 'lobby', seq: 13, time: '2026-01-02T03:04:05Z', user: 'u2', deleted: { seq: 12 } } });
  assert.equal(room.entry(11).replyCount, 0);
});

test('a tab that slept asks at once whether its connection lives, and resumes where it stopped', async () => {
  const { chat, room, socket } = await online({ head: 10 });
  socket.tell(message(11, 'm11'));
  const item = room.send('before sleep');
  const awake = Date.now;
  mock.method(Date, 'now', () => awake() + 3_600_000); // no timer ran meanwhile
  mock.timers.tick(5_000);
  assert.equal(socket.asked('ping').length, 1);
  mock.timers.tick(8_000);
  await settle();
  assert.equal(chat.state, 'reconnecting');
  mock.timers.tick(500);
  await settle();
  const next = await welcome({ rooms: [view('lobby', 13, { resume: 'COMPLETE' })] });
  assert.deepEqual(next.asked('hello')[0].resume, [{ room: 'lobby', seq: 11 }]);
  next.tell(message(12, 'm12'));
  next.tell(message(13, 'before sleep', { user: 'u1', clientMsgId: item.clientMsgId })); // it had been stored after all
  assert.deepEqual([seqs(room), room.outgoing.length, item.state], [[11, 12, 13], 0, 'acked']);
});

test('a direct room is called as the other one in it', async () => {
  const { chat, socket } = await online();
  socket.tell({ room: view('d1', 0, { kind: 'DIRECT', name: '' }) });
  await settle();
  const ask = socket.asked('members').at(-1);
  socket.tell({ re: ask.id, memberList: { members: [{ user: 'u1', name: 'Ana', role: 'MEMBER' }, { user: 'u2', name: 'Bo', role: 'MEMBER' }] } });
  await settle();
  assert.equal(chat.rooms.get('d1').title, 'Bo');
});

test('how far others have read is kept, and one’s own mark is not among it', async () => {
  const { room, socket } = await online();
  socket.tell({ readMark: { room: 'lobby', user: 'u2', seq: 9 } });
  socket.tell({ readMark: { room: 'lobby', user: 'u2', seq: 4 } });
  socket.tell({ readMark: { room: 'lobby', user: 'u1', seq: 10 } });
  assert.deepEqual([...room.reads], [['u2', 9]]);
  assert.equal(Socket.last, socket);
});
