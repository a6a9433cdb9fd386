// A natter client as somebody would write one with Node's own WebSocket.
//
// Its one argument is JSON: gateways, token, badToken, room. It says what it
// has done on stdout, a word a line, and goes on when it is told to on stdin.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PATIENCE = 30_000;
const setting = JSON.parse(process.argv[2]);
const stdin = createInterface({ input: process.stdin });
const say = (word) => process.stdout.write(`${word}\n`);

/** One connection. */
class Chat {
  #last = 0;
  #frames = [];
  #news = new EventTarget();

  static async connect(gateway) {
    const chat = new Chat();
    chat.socket = new WebSocket(`${gateway.replace('http', 'ws')}/v1/ws`, ['natter.v1.json']);
    chat.socket.addEventListener('message', ({ data }) => {
      assert.equal(typeof data, 'string');
      chat.#frames.push(JSON.parse(data));
      chat.#news.dispatchEvent(new Event('frame'));
    });
    chat.ended = once(chat.socket, 'close').then(([{ code }]) => code);
    await once(chat.socket, 'open');
    assert.equal(chat.socket.protocol, 'natter.v1.json');
    return chat;
  }

  ask(name, body) {
    const id = ++this.#last;
    this.socket.send(JSON.stringify({ id, [name]: body }));
    return this.until((frame) => frame.re === id);
  }

  /** The first frame that is wanted; the others are kept. */
  async until(wanted) {
    const late = AbortSignal.timeout(PATIENCE);
    for (;;) {
      const at = this.#frames.findIndex(wanted);
      if (at >= 0) return this.#frames.splice(at, 1)[0];
      await once(this.#news, 'frame', { signal: late });
    }
  }

  async hears(text) {
    const { event } = await this.until((frame) => frame.event?.message?.text === text);
    return event;
  }
}

const [here, there] = setting.gateways;
const { room, token } = setting;
let chat = await Chat.connect(here);
const { welcome } = await chat.ask('hello', { token, agent: 'node', resume: [] });
const { room: view } = await chat.ask('join', { room });
assert.deepEqual([view.room, view.role], [room, 'MEMBER']);
const { ack } = await chat.ask('send', { room, clientMsgId: 'foreign-1', text: 'hello from outside', attempt: 1 });
const own = await chat.hears('hello from outside');
assert.deepEqual([own.seq, own.clientMsgId], [ack.seq, 'foreign-1']);
say('sent');
const heard = await chat.hears('hello from inside');
assert.equal(heard.seq, ack.seq + 1);
assert.deepEqual((await chat.ask('ping', {})).pong, {});
say('heard');

chat.socket.close(); // Node's WebSocket cannot be dropped without a word
assert.equal(await chat.ended, 1005);
say('dropped');
await once(stdin, 'line');
chat = await Chat.connect(there);
const { welcome: again } = await chat.ask('hello', { token, epoch: welcome.epoch, resume: [{ room, seq: heard.seq }] });
assert.equal(again.rooms.find((one) => one.room === room).resume, 'COMPLETE');
const missed = await chat.hears('while you were away');
assert.equal(missed.seq, heard.seq + 1);
const { ack: twice } = await chat.ask('send', { room, clientMsgId: 'foreign-1', text: 'hello from outside' });
assert.equal(twice.duplicate, true);
say('resumed');

chat.socket.close(1000, 'bye');
assert.equal(await chat.ended, 1000);
const stranger = await Chat.connect(here);
const { error } = await stranger.ask('hello', { token: setting.badToken, resume: [] });
assert.equal(error.code, 'UNAUTHENTICATED');
assert.equal(await stranger.ended, 4401);
const rude = await Chat.connect(here);
for (let i = 0; i < 10; i++) rude.socket.send('what?');
assert.equal(await rude.ended, 4400);
const large = await Chat.connect(here);
large.socket.send(' '.repeat(64 * 1024 + 1));
assert.equal(await large.ended, 1009);
say('done');
process.exit(0);
