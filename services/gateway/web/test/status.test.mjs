import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { online, settle, view, welcome } from './standin.mjs';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] }));
afterEach(() => mock.timers.reset());

const minute = 60_000;

/** What was said of the status on a socket, each answered. */
function said(socket) {
  return socket.asked('status').map(({ id, ...status }) => {
    socket.tell({ re: id, ok: {} });
    return status;
  });
}

/** Lets time pass on a link that answers. */
async function pass(socket, ms) {
  for (; ms > 0; ms -= 5_000) {
    mock.timers.tick(Math.min(ms, 5_000));
    await settle();
    for (const { id } of socket.asked('ping')) socket.tell({ re: id, pong: {} });
  }
}

async function again(socket) {
  socket.end(1006);
  mock.timers.tick(2_000);
  await settle();
  const next = await welcome({ rooms: [view('lobby', 10, { resume: 'COMPLETE' })] });
  return { socket: next, state: next.asked('hello')[0].state };
}

function page() {
  return Object.assign(new EventTarget(), { visibilityState: 'visible' });
}

test('a status has a text, and a time at which it goes', async () => {
  const { chat, socket } = await online();
  chat.setStatus('BUSY', { text: 'at lunch', until: Date.UTC(2030, 0, 2) });
  chat.setStatus('ONLINE');
  await settle();
  assert.deepEqual(said(socket), [{ state: 'BUSY', text: 'at lunch', until: '2030-01-02T00:00:00.000Z' }, { state: 'ONLINE' }]);
});

test('nobody at the page for five minutes: away, until somebody is', async () => {
  const { chat, socket } = await online();
  const document = page();
  chat.signIdle({ page: document });
  await pass(socket, 4 * minute);
  document.dispatchEvent(new Event('keydown'));
  await pass(socket, 4 * minute);
  assert.deepEqual(said(socket), []);
  await pass(socket, minute);
  assert.deepEqual(said(socket), [{ state: 'AWAY', device: true }]);
  document.visibilityState = 'hidden';
  document.dispatchEvent(new Event('visibilitychange'));
  await pass(socket, minute);
  assert.equal(socket.asked('status').length, 1);
  document.visibilityState = 'visible';
  document.dispatchEvent(new Event('visibilitychange'));
  await settle();
  assert.deepEqual(said(socket).at(-1), { state: 'ONLINE', device: true });
  await pass(socket, 5 * minute);
  assert.deepEqual(said(socket).at(-1), { state: 'AWAY', device: true });
});

test('who is away comes back so after a lost connection', async () => {
  const { chat, socket } = await online();
  const end = chat.signIdle({ page: page(), after: 1_000 });
  await pass(socket, 1_000);
  const next = await again(socket);
  assert.equal(next.state, 'AWAY');
  end();
  await settle();
  assert.deepEqual(said(next.socket).at(-1), { state: 'ONLINE', device: true });
});

test('what was said on another device goes before the state that one came with', async () => {
  const { socket } = await online({ state: 'INVISIBLE' });
  assert.equal(socket.asked('hello')[0].state, 'INVISIBLE');
  const next = await again(socket);
  assert.equal(next.state, 'INVISIBLE');
  next.socket.tell({ presenceChange: { changes: [{ user: 'u1', state: 'ONLINE' }], online: 0 } });
  await settle();
  assert.equal((await again(next.socket)).state, undefined);
});

test('when somebody was last seen is told with them', async () => {
  const { chat, room, socket } = await online();
  room.people.set('bo', { user: 'bo', name: 'Bo', role: 'MEMBER', state: 'ONLINE' });
  const lastSeen = '2030-01-02T00:00:00Z';
  socket.tell({ presenceChange: { room: 'lobby', changes: [{ user: 'bo', state: 'OFFLINE', lastSeen }], online: 1 } });
  assert.deepEqual([room.people.get('bo').lastSeen, chat.presence.get('bo').lastSeen], [lastSeen, lastSeen]);
  socket.tell({ presenceChange: { room: 'lobby', changes: [{ user: 'bo', state: 'ONLINE' }], online: 2 } });
  assert.equal(room.people.get('bo').lastSeen, undefined);
});
