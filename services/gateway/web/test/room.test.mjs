import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { message, online, settle, Socket, view, welcome } from './standin.mjs';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] }));
afterEach(() => mock.timers.reset());

const texts = (room) => room.entries.map((entry) => entry.text);

test('events are applied once and in order', async () => {
  const { room, socket } = await online();
  for (const seq of [11, 12, 12, 11, 13]) socket.tell(message(seq, `m${seq}`));
  assert.deepEqual(texts(room), ['m11', 'm12', 'm13']);
  assert.equal(room.unread, 3);
});

test('a hole is asked for, and what came early waits', async () => {
  const { room, socket } = await online();
  socket.tell(message(11, 'm11'));
  socket.tell(message(14, 'm14'));
  assert.deepEqual(texts(room), ['m11']);
  const [watch] = socket.asked('watch');
  assert.deepEqual([watch.room, watch.seq], ['lobby', 11]);
  socket.tell({ re: watch.id, room: view('lobby', 14, { resume: 'COMPLETE' }) });
  for (const seq of [12, 13, 14]) socket.tell(message(seq, `m${seq}`));
  assert.deepEqual(texts(room), ['m11', 'm12', 'm13', 'm14']);
  await settle();
  mock.timers.tick(1000);
  await settle();
  assert.equal(socket.asked('watch').length, 1);
});

test('an event of an unknown kind still counts', async () => {
  const { room, socket } = await online();
  socket.tell({ event: { room: 'lobby', seq: 11, time: '2026-01-02T03:04:05Z', user: 'u2', sung: {} } });
  socket.tell(message(12, 'm12'));
  assert.equal(room.seq, 12);
  assert.deepEqual(texts(room), ['m12']);
});

test('what is trimmed goes from what is shown, and from the counts', async () => {
  const { room, socket } = await online();
  const trimmed = [];
  room.on('trimmed', (event) => trimmed.push(event));
  const loading = room.loadLatest();
  await settle();
  const [page] = socket.asked('messages');
  socket.tell({ re: page.id, page: { room: 'lobby', messages: [9, 10].map((seq) => message(seq, `m${seq}`).event).map(({ message: { text }, ...m }) => ({ ...m, text, version: 1, deleted: false, reactions: [] })), hasBefore: true, hasAfter: false } });
  await loading;
  for (const seq of [11, 12, 13]) socket.tell(message(seq, `m${seq}`));
  assert.equal(room.hasBefore, true);
  const trim = (seq, before) => socket.tell({ event: { room: 'lobby', seq, time: '2026-01-02T03:04:05Z', user: 'natter', trimmed: { before } } });
  trim(14, 12);
  assert.deepEqual([texts(room), room.hasBefore, room.since, room.unread, room.last.seq], [['m12', 'm13'], false, 12, 2, 13]);
  trim(15, 14);
  assert.deepEqual([texts(room), room.unread, room.last], [[], 0, undefined]);
  socket.tell(message(16, 'm16'));
  assert.deepEqual([texts(room), room.unread], [['m16'], 1]);
  assert.deepEqual(trimmed, [{ before: 12 }, { before: 14 }]);
});

test('COMPLETE goes on where it stopped and tells how much was missed', async () => {
  const { room, socket } = await online();
  const resumed = [];
  room.on('resumed', ({ missed }) => resumed.push(missed));
  socket.tell(message(11, 'm11'));
  socket.end(1006);
  mock.timers.tick(500);
  await settle();
  const next = await welcome({ rooms: [view('lobby', 13, { resume: 'COMPLETE', readSeq: 10, unread: 3 })] });
  next.tell(message(12, 'm12'));
  next.tell(message(13, 'm13'));
  next.tell(message(14, 'm14'));
  assert.deepEqual(texts(room), ['m11', 'm12', 'm13', 'm14']);
  assert.deepEqual(resumed, [2]);
  assert.equal(room.unread, 4); // three in the view's count, one after it
});

for (const resume of ['TRUNCATED', 'RESET']) {
  test(`${resume} starts again from the latest page`, async () => {
    const { room, socket } = await online();
    const resets = [];
    room.on('reset', ({ reason }) => resets.push(reason));
    room.loadLatest();
    await settle();
    socket.tell({ re: socket.asked('messages')[0].id, page: { room: 'lobby', messages: [], hasBefore: false, hasAfter: false } });
    await settle();
    socket.tell(message(11, 'm11'));
    socket.end(1006);
    mock.timers.tick(500);
    await settle();
    const next = await welcome({ epoch: '8', rooms: [view('lobby', 900, { resume })] });
    assert.deepEqual([room.seq, texts(room), resets], [900, [], [resume]]);
    const [ask] = next.asked('messages');
    assert.equal(ask.before, undefined);
    next.tell({ re: ask.id, page: { room: 'lobby', messages: [{ seq: 900, user: 'u2', name: 'Bo', text: 'm900', reactions: [] }], hasBefore: true, hasAfter: false } });
    await settle();
    assert.deepEqual(texts(room), ['m900']);
    assert.equal(room.hasBefore, true);
  });
}

test('pages go before what is there', async () => {
  const { room, socket } = await online();
  socket.tell(message(11, 'm11'));
  const load = room.loadLatest();
  await settle();
  const page = (...seqs) => ({ room: 'lobby', messages: seqs.map((seq) => ({ seq, user: 'u2', name: 'Bo', text: `m${seq}`, reactions: [] })), hasBefore: seqs[0] > 1, hasAfter: false });
  socket.tell({ re: socket.asked('messages')[0].id, page: page(9, 10, 11) });
  await load;
  const older = room.loadBefore();
  await settle();
  assert.equal(socket.asked('messages')[1].before, 9);
  socket.tell({ re: socket.asked('messages')[1].id, page: page(1, 8) });
  await older;
  assert.deepEqual(texts(room), ['m1', 'm8', 'm9', 'm10', 'm11']);
  assert.equal(room.hasBefore, false);
});

test('edits, deletions and reactions change the message they name', async () => {
  const { room, socket } = await online();
  const event = (seq, change, user = 'u2') => socket.tell({ event: { room: 'lobby', seq, time: '2026-01-02T03:05:00Z', user, ...change } });
  socket.tell(message(11, 'teh'));
  event(12, { edited: { seq: 11, text: 'the' } });
  event(13, { reacted: { seq: 11, emoji: '👍', removed: false } });
  event(14, { reacted: { seq: 11, emoji: '👍', removed: false } }, 'u1');
  assert.deepEqual([room.entries[0].text, room.entries[0].editedAt], ['the', '2026-01-02T03:05:00Z']);
  assert.deepEqual(room.entries[0].reactions, [{ emoji: '👍', count: 2, mine: true }]);
  event(15, { deleted: { seq: 11 } });
  assert.deepEqual([room.entries[0].text, room.entries[0].deleted], ['', true]);
  assert.equal(room.seq, 15);
});

test('typing ends by itself, or with the message', async () => {
  const { room, socket } = await online();
  socket.tell({ typing: { room: 'lobby', user: 'u2', stop: false } });
  assert.deepEqual(room.typing, ['u2']);
  mock.timers.tick(6000);
  assert.deepEqual(room.typing, []);
  socket.tell({ typing: { room: 'lobby', user: 'u2', stop: false } });
  socket.tell(message(11, 'm11'));
  assert.deepEqual(room.typing, []);
});

test('typing is sent once per two seconds', async () => {
  const { room, socket } = await online();
  for (let i = 0; i < 5; i++) {
    room.sendTyping();
    mock.timers.tick(500);
  }
  assert.equal(socket.asked('typing').length, 2);
});

test('being removed ends the room, and says by whom', async () => {
  const { chat, room, socket } = await online();
  socket.tell({ event: { room: 'lobby', seq: 11, time: '2026-01-02T03:05:00Z', user: 'u2', removed: { user: 'u1', reason: 'noise', banned: true } } });
  socket.tell({ gone: { room: 'lobby', reason: 'removed' } });
  assert.equal(room.canWrite, false);
  assert.deepEqual([room.ended.removed.by, room.ended.removed.change.reason], ['u2', 'noise']);
  assert.ok(chat.rooms.has('lobby'));
  socket.tell({ room: view('lobby', 20) });
  assert.equal(room.ended, null);
  assert.equal(room.seq, 20);
});

test('read marks go out once a second, and only forward', async () => {
  const { room, socket } = await online();
  for (const seq of [11, 12, 13]) {
    socket.tell(message(seq, `m${seq}`));
    room.markRead(seq);
  }
  room.markRead(11);
  assert.equal(room.unread, 0);
  mock.timers.tick(1000);
  await settle();
  assert.deepEqual(socket.asked('read').map(({ seq }) => seq), [13]);
});

test('frames nobody knows do no harm', async () => {
  const { chat } = await online();
  Socket.last.tell({ weather: { rain: true } });
  Socket.last.tell({ event: { room: 'elsewhere', seq: 1, message: {} } });
  Socket.last.onmessage({ data: 'not json' });
  assert.equal(chat.state, 'online');
});

test('what is erased is shown as deleted, and nothing else is', async () => {
  const { room, socket } = await online();
  for (const seq of [11, 12]) socket.tell(message(seq, `m${seq}`));
  socket.tell({ event: { room: 'lobby', seq: 13, time: '2026-01-02T03:04:05Z', user: 'natter', erased: { seqs: [1, 12] } } });
  assert.equal(room.seq, 13);
  assert.deepEqual(texts(room), ['m11', '']);
  assert.deepEqual(room.entries.map((entry) => entry.deleted), [false, true]);
});
