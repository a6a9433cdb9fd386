import { messageActions } from './actions.js';
import { composer } from './composer.js';
import { dayKey } from './day-key.js';
import { bdi, fill, h, scope } from './dom.js';
import { ThreadEntries } from './thread-entries.js';
import { t } from './i18n.js';
import { icon } from './icon.js';
import { messageElement } from './message.js';
import { roving } from './roving.js';
import { rowsOf, sameRow } from './rows.js';
import { day } from './format.js';

/**
 * A message and what was answered to it, beside the timeline.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {number} root the seq that the thread hangs from
 * @param {{onClose: () => void, linkOf?: (seq: number) => string}} on
 */
export function threadPanel(chat, room, root, on) {
  const undo = scope();
  const list = h('div', { class: 'rows', role: 'log', 'aria-live': 'polite', 'aria-label': t('thread.title') });
  const view = h('div', { class: 'thread-list', 'data-test': 'thread' }, list);
  const writing = room.canWrite ? composer(chat, room, { thread: root, onSent: toEnd, lastOwn }) : null;
  const element = h('section', { class: 'details-panel thread', 'aria-labelledby': 'thread-title' },
    h('header', { class: 'details-head' }, h('div', {}, h('h2', { id: 'thread-title' }, t('thread.title')), h('p', { class: 'meta' }, bdi(room.title))),
      h('button', { class: 'tool', type: 'button', 'data-test': 'close-details', 'aria-label': t('dialog.close'), title: t('dialog.close'), onclick: on.onClose }, icon('close'))),
    view, writing && h('div', { class: 'foot' }, writing.element));
  const replies = new ThreadEntries(room, root, soon);
  const choose = roving(list, '.message', { last: true });
  const drawn = new Map();
  let frame = 0;
  let atEnd = true;
  let failed = false;

  function draw() {
    frame = 0;
    const { list: answers, first } = replies;
    const outgoing = room.outgoing.filter((item) => item.thread === root);
    const me = chat.user ?? { id: '', name: '' };
    const rows = [
      ...(first ? rowsOf({ entries: [first], outgoing: [], me, newAfter: null, atStart: false, flat: true }) : []),
      ...(first ? [{ kind: 'line', key: 'line', count: first.replyCount ?? answers.length }] : []),
      ...rowsOf({ entries: answers, outgoing, me, newAfter: null, atStart: false, flat: true, day: first && dayKey(first.time) }).map((row) => ({ ...row, key: `reply:${row.key}` })),
    ];
    const old = new Map(drawn);
    drawn.clear();
    const nodes = rows.map((row) => {
      const before = old.get(row.key);
      const node = before && sameRow(before.row, row) ? before.node : nodeOf(row);
      drawn.set(row.key, { row, node });
      return node;
    });
    if (nodes.length !== list.children.length || nodes.some((node, i) => node !== list.children[i])) list.replaceChildren(...nodes);
    if (failed) fill(list, h('p', { class: 'quiet-line' }, t('timeline.failed'), ' ', h('button', { class: 'link', type: 'button', onclick: load }, t('timeline.tryAgain'))));
    choose();
    if (atEnd) view.scrollTop = view.scrollHeight;
  }

  function nodeOf(row) {
    if (row.kind === 'message') return messageElement(row, { chat, room, onQuote: () => {} });
    if (row.kind === 'day') return h('h3', { class: 'day' }, h('span', {}, day(row.at)));
    return h('div', { class: 'thread-line' }, t('thread.count', { count: row.count }),
      replies.hasBefore && h('button', { class: 'link', type: 'button', onclick: () => replies.more() }, t('thread.earlier')));
  }

  function lastOwn() { return replies.list.findLast((message) => message.user === chat.user?.id && !message.deleted); }

  function toEnd() {
    atEnd = true;
    soon();
  }

  function load() {
    failed = false;
    replies.load().catch(() => { failed = true; }).finally(soon);
  }

  function soon() { frame ||= requestAnimationFrame(draw); }

  undo.listen(view, 'scroll', () => { atEnd = view.scrollHeight - view.clientHeight - view.scrollTop < 24; }, { passive: true });
  undo(messageActions(chat, room, list, (seq) => replies.message(seq), { linkOf: on.linkOf, onEdit: writing?.edit }).end);
  undo(room.on('change', soon), () => cancelAnimationFrame(frame), () => writing?.end(), () => replies.end());
  undo(chat.on('state', ({ state }) => { if (state === 'online') load(); }));
  load();
  return {
    element,
    root,
    shown() {
      writing?.shown();
      writing?.focus();
    },
    end: undo.end,
  };
}
