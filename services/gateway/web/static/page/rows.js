import { dayKey } from './day-key.js';

const GROUP_MS = 5 * 60_000;
const FOLDED = ['joined', 'left'];

/**
 * What the timeline shows, line by line. Pure: the same room gives the same rows.
 * @param {object} from
 * @param {import('/natter.js').Entry[]} from.entries
 * @param {import('/natter.js').Outgoing[]} from.outgoing
 * @param {{id: string, name: string}} from.me
 * @param {number|null} from.newAfter messages of others above this seq are new
 * @param {boolean} from.atStart      the first entry is the room's first
 * @param {boolean} [from.flat]      answers in threads are messages like any other, and not a quiet line
 * @param {string} [from.day]       whose line stands above already
 * @returns {{kind: string, key: string}[]}
 */
export function rowsOf({ entries, outgoing, me, newAfter, atStart, flat = false, day = '' }) {
  const rows = [];
  let group = null;
  let marked = newAfter === null;

  const dayLine = (at) => {
    const key = dayKey(at);
    if (key === day) return;
    day = key;
    group = null;
    rows.push({ kind: 'day', key: `day:${key}`, at });
  };

  const messageRow = (message, state, item) => {
    const at = Date.parse(message.time);
    const head = !group || group.user !== message.user || at - group.at > GROUP_MS || message.replyTo !== undefined;
    if (head) group = { user: message.user, at };
    const own = message.user === me.id;
    const key = own && message.clientMsgId ? `own:${message.clientMsgId}` : `seq:${message.seq}`;
    rows.push({ kind: 'message', key, message, head, own, state, item });
  };

  if (atStart) rows.push({ kind: 'start', key: 'start', empty: !outgoing.length && !entries.some((entry) => entry.type === 'message') });
  for (const entry of entries) {
    dayLine(entry.time);
    if (entry.type === 'message') {
      if (!marked && entry.seq > newAfter && entry.user !== me.id) {
        marked = true;
        group = null;
        rows.push({ kind: 'new', key: 'new' });
      }
      if (!flat && entry.thread !== undefined) {
        group = null;
        const before = rows.at(-1);
        if (before?.kind === 'thread' && before.root === entry.thread) before.messages.push(entry);
        else rows.push({ kind: 'thread', key: `thread:${entry.seq}`, root: entry.thread, messages: [entry] });
        continue;
      }
      messageRow(entry, 'acked');
      continue;
    }
    group = null;
    const last = rows.at(-1);
    if (FOLDED.includes(entry.type) && last?.kind === 'notice' && FOLDED.includes(last.notices[0].type)) last.notices.push(entry);
    else rows.push({ kind: 'notice', key: `notice:${entry.seq}`, notices: [entry] });
  }
  for (const item of outgoing) {
    if (!flat && item.thread !== undefined) continue; // shown in the thread
    const time = new Date(item.at).toISOString();
    dayLine(time);
    messageRow({ ...item, user: me.id, name: me.name, time, reactions: [] }, item.state, item);
  }
  return rows;
}

/** True if a row drawn as `a` can stay when it should show `b`. */
export function sameRow(a, b) {
  if (!a || a.kind !== b.kind) return false;
  if (b.kind === 'day' || b.kind === 'new') return true;
  if (b.kind === 'start') return a.empty === b.empty;
  if (b.kind === 'line') return a.count === b.count;
  if (b.kind === 'thread') return a.messages.length === b.messages.length && a.messages.at(-1) === b.messages.at(-1);
  if (b.kind === 'notice') return a.notices.length === b.notices.length;
  return !b.item && a.message === b.message && a.head === b.head && a.state === b.state;
}
