import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { online, settle } from './standin.mjs';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] }));
afterEach(() => mock.timers.reset());

const TIME = '2026-01-02T03:04:05Z';
const old = (more = {}) => ({ seq: 9, user: 'u2', name: 'Bo', text: 'old', reactions: [], ...more });
const event = (seq, body) => ({ event: { room: 'lobby', seq, time: TIME, user: 'u2', name: 'Bo', ...body } });

/** A room that waits for its newest page. */
async function loading() {
  const { room, socket } = await online({ head: 10 });
  room.loadLatest();
  await settle();
  const [ask] = socket.asked('messages');
  const answer = async (message, to = ask) => {
    socket.tell({ re: to.id, page: { room: 'lobby', messages: [message], hasBefore: false, hasAfter: false } });
    await settle();
  };
  return { room, socket, answer };
}

test('an edit that was told while an older page was on its way holds', async () => {
  const { room, socket, answer } = await loading();
  socket.tell(event(11, { edited: { seq: 9, text: 'new' } }));
  await answer(old());
  assert.deepEqual([room.entry(9).text, room.entry(9).editedAt], ['new', TIME]);
});

test('what was deleted while an older page was on its way is not shown again', async () => {
  const { room, socket, answer } = await loading();
  socket.tell(event(11, { deleted: { seq: 9 } }));
  await answer(old());
  assert.deepEqual([room.entry(9).text, room.entry(9).deleted], ['', true]);
});

test('a reaction that was told while a page was on its way is counted once, whether the page holds it or not', async () => {
  const counted = old({ reactions: [{ emoji: '👍', count: 1, mine: false }] });
  for (const first of [old(), counted]) {
    const { room, socket, answer } = await loading();
    socket.tell(event(11, { reacted: { seq: 9, emoji: '👍', removed: false } }));
    await answer(first);
    const again = socket.asked('messages').at(-1);
    assert.deepEqual([again.around, again.limit], [9, 1]);
    await answer(counted, again);
    assert.deepEqual(room.entry(9).reactions, counted.reactions);
    assert.equal(socket.asked('messages').length, 2);
  }
});

test('a message that changes while it is asked for again is asked for once more', async () => {
  const { room, socket, answer } = await loading();
  socket.tell(event(11, { reacted: { seq: 9, emoji: '👍', removed: false } }));
  await answer(old());
  const second = socket.asked('messages').at(-1);
  socket.tell(event(12, { reacted: { seq: 9, emoji: '👍', removed: false } }));
  await answer(old({ reactions: [{ emoji: '👍', count: 1, mine: false }] }), second);
  const third = socket.asked('messages').at(-1);
  assert.notEqual(third.id, second.id);
  await answer(old({ reactions: [{ emoji: '👍', count: 2, mine: false }] }), third);
  assert.equal(room.entry(9).reactions[0].count, 2);
});
