import { messageActions } from './actions.js';
import { fill, focusedNear, h, scope } from './dom.js';
import { day } from './format.js';
import { t } from './i18n.js';
import { icon } from './icon.js';
import { messageElement, startElement, threadElement } from './message.js';
import { noticeNodes } from './notice.js';
import { roving } from './roving.js';
import { rowsOf, sameRow } from './rows.js';
import { scroller } from './scroller.js';
import { skeleton } from './skeleton.js';
import { say, toast } from './toast.js';

const FIRST = 100; // entries shown when a room is opened
const STEP = 60;
const MOST = 400; // lines in the document; beyond that the far end goes, and comes back when it is scrolled to

/**
 * The messages of a room: a window on its entries that follows the newest one until the reader scrolls up.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {{onReply?: Function, onEdit?: Function, onThread?: (seq: number) => void, onPerson?: (user: string) => void, linkOf?: (seq: number) => string}} on
 */
export function timeline(chat, room, on) {
  const undo = scope();
  const list = h('div', { class: 'rows' });
  const above = h('div', { class: 'above' });
  const below = h('div', { class: 'below', hidden: true }, skeleton());
  const view = h('div', { class: 'timeline', 'data-test': 'timeline', role: 'log', 'aria-live': 'off', 'aria-label': t('timeline.label', { room: room.title }) },
    h('div', { class: 'fill' }), above, list, below);
  const pill = h('button', { class: 'pill', type: 'button', 'data-test': 'latest', hidden: true, onclick: () => toLatest() });
  const element = h('div', { class: 'timeline-box' }, view, pill);
  const scroll = scroller(view, list);
  const choose = roving(list, '.message', { last: true });
  const drawn = new Map(); // key → {element, row}

  let from = null; // the first entry shown, by seq; null: the newest FIRST
  let to = Infinity; // the last one; Infinity: follows the newest
  let newAfter = room.member && room.unread > 0 ? room.readSeq : null;
  let arrived = 0; // messages of others since the reader left the end
  let failed = false;
  let opened = false;
  let frame = 0;
  let loadingAfter = false;

  const following = () => to === Infinity && !room.hasAfter && scroll.atEnd();
  const seen = () => document.visibilityState === 'visible' && document.hasFocus();

  function shown() {
    const { entries } = room;
    if (from === null && entries.length > FIRST) from = entries[entries.length - FIRST].seq;
    let start = from === null ? 0 : entries.findIndex((entry) => entry.seq >= from);
    if (start < 0) start = Math.max(0, entries.length - FIRST);
    let end = to === Infinity ? entries.length : entries.findLastIndex((entry) => entry.seq <= to) + 1;
    if (end <= start) end = entries.length;
    return { start, end };
  }

  function draw() {
    frame = 0;
    const stay = following() || !opened;
    if (!stay) from ??= room.entries[0]?.seq ?? null; // what is being read must not slide out
    let { start, end } = shown();
    if (end - start > MOST) {
      if (stay) start = end - MOST;
      else end = start + MOST;
      from = room.entries[start].seq;
      to = end < room.entries.length ? room.entries[end - 1].seq : Infinity;
    }
    const rows = rowsOf({
      entries: room.entries.slice(start, end),
      outgoing: to === Infinity && !room.hasAfter ? room.outgoing : [],
      me: chat.user ?? { id: '', name: '' },
      newAfter,
      atStart: start === 0 && room.loaded && !room.hasBefore,
    });
    const keep = stay ? null : scroll.anchor();
    place(rows);
    fill(above, aboveNodes(start));
    below.hidden = !(to === Infinity && room.hasAfter);
    choose();
    if (!opened && room.loaded) open();
    else if (stay) scroll.toEnd();
    else scroll.restore(keep);
    afterScroll();
  }

  function place(rows) {
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, { element: old }] of drawn) {
      if (keys.has(key)) continue;
      old.remove();
      drawn.delete(key);
    }
    let at = list.firstChild;
    for (const row of rows) {
      const before = drawn.get(row.key);
      const node = sameRow(before?.row, row) ? before.element : elementOf(row);
      if (before && before.element !== node) {
        if (at === before.element) at = at.nextSibling;
        if (before.element.tabIndex === 0) node.tabIndex = 0;
        const focused = before.element.contains(focusedNear(list));
        before.element.replaceWith(node);
        if (focused) node.focus({ preventScroll: true }); // what one stands on stays where one stands
      }
      if (node !== at) list.insertBefore(node, at);
      else at = at.nextSibling;
      drawn.set(row.key, { element: node, row });
    }
  }

  function elementOf(row) {
    if (row.kind === 'message') return messageElement(row, { chat, room, onQuote: show, onThread: on.onThread, onPerson: on.onPerson });
    if (row.kind === 'thread') return threadElement(row, { chat, onThread: on.onThread });
    if (row.kind === 'notice') return h('p', { class: 'notice' }, noticeNodes(row.notices, (user) => chat.nameOf(user)));
    if (row.kind === 'day') return h('h2', { class: 'day' }, h('span', {}, day(row.at)));
    if (row.kind === 'new') return h('div', { class: 'new', role: 'separator' }, h('span', {}, t('timeline.new')));
    return startElement(room, row.empty);
  }

  function aboveNodes(start) {
    if (failed) {
      return h('p', { class: 'load-failed' }, t('timeline.failed'), ' ',
        h('button', { type: 'button', class: 'link', onclick: () => { failed = false; (room.loaded ? load : begin)(); } }, t('timeline.tryAgain')));
    }
    if (!room.loaded || (start === 0 && room.hasBefore)) return skeleton();
    return null;
  }

  /** The first look: at the new messages if there are more of them than fit, else at the newest. */
  function open() {
    opened = true;
    requestAnimationFrame(() => performance.mark('natter.first-message'));
    const mark = drawn.get('new')?.element;
    scroll.toEnd();
    if (mark && mark.getBoundingClientRect().top < view.getBoundingClientRect().top) scroll.toTop(mark, 48);
  }

  function begin() {
    room.loadLatest().catch(() => { failed = chat.state === 'online'; }).finally(soon);
  }

  function load() {
    const before = room.entries[0]?.seq;
    room.loadBefore().then(() => {
      if (before !== room.entries[0]?.seq && from !== null && from === before) from = room.entries[Math.max(0, room.entries.findIndex((entry) => entry.seq === before) - STEP)].seq;
    }, () => { failed = chat.state === 'online'; }).finally(soon);
  }

  function loadAfter() {
    if (loadingAfter) return;
    loadingAfter = true;
    from ??= room.entries[0]?.seq ?? null;
    room.loadAfter(100).catch(() => { failed = chat.state === 'online'; }).finally(() => { loadingAfter = false; soon(); });
  }

  /** Moves the window, fetches what is missing, tells what was read. */
  function afterScroll() {
    const { start, end } = shown();
    room.keep = following() ? 2_000 : Infinity;
    if (opened && scroll.nearTop()) {
      if (start > 0) move(room.entries[Math.max(0, start - STEP)].seq, to);
      else if (room.hasBefore && !failed && chat.state === 'online') load();
    }
    if (opened && to === Infinity && room.hasAfter && scroll.nearEnd() && !failed && chat.state === 'online') loadAfter();
    if (to !== Infinity && scroll.nearEnd()) {
      const next = Math.min(room.entries.length, end + STEP);
      const first = Math.max(start, next - MOST);
      move(room.entries[first].seq, next === room.entries.length ? Infinity : room.entries[next - 1].seq);
    }
    if (following()) {
      arrived = 0;
      if (seen() && opened) room.markRead(room.seq);
    }
    pill.hidden = following() || !opened;
    fill(pill, icon('down'), arrived ? t('timeline.newCount', { count: arrived }) : t('timeline.latest'));
  }

  function move(first, last) {
    const moved = first !== from || last !== to;
    from = first;
    to = last;
    if (moved) soon();
  }

  async function toLatest() {
    if (room.hasAfter) await room.loadLatest().catch((error) => toast('timeline.jumpFailed', error, element));
    if (room.hasAfter) return;
    from = null;
    to = Infinity;
    arrived = 0;
    scroll.toEnd(); // before it is drawn: it is the end that is to be shown
    draw();
    scroll.toEnd();
    afterScroll();
  }

  /** Brings a message into sight, wherever in the past it is. */
  async function show(seq) {
    if (!room.entry(seq)) {
      try {
        await room.loadAround(seq, 60);
      } catch (error) {
        toast('timeline.jumpFailed', error, element);
        return;
      }
    }
    const entry = room.entry(seq);
    if (!entry) {
      say(t('timeline.notFound'), element);
      opened ||= room.loaded;
      draw();
      return;
    }
    if (entry.type === 'message' && entry.thread !== undefined) on.onThread?.(entry.thread);
    const at = room.entries.indexOf(entry);
    opened = true;
    scroll.leave();
    from = room.entries[Math.max(0, at - STEP)].seq;
    to = at + STEP < room.entries.length ? room.entries[at + STEP].seq : Infinity;
    draw();
    const node = list.querySelector(`[data-seq="${CSS.escape(String(seq))}"]`);
    if (!node) return;
    scroll.toMiddle(node);
    node.classList.add('found');
    node.focus({ preventScroll: true });
    setTimeout(() => node.classList.remove('found'), 2_500);
    afterScroll();
  }

  function soon() { frame ||= requestAnimationFrame(draw); }

  undo(chat.on('state', ({ state }) => {
    if (state === 'online') failed = false;
    if (state === 'online' && !room.loaded) begin();
    soon();
  }));
  undo(room.on('change', soon), () => cancelAnimationFrame(frame));
  undo(room.on('reset', () => { from = null; to = Infinity; opened = false; newAfter = null; begin(); }));
  undo(room.on('message', (message) => {
    if (message.user === chat.user?.id) return;
    if (!following()) arrived++;
    if (!seen() && newAfter === null) newAfter = message.seq - 1;
  }));
  undo.listen(view, 'scroll', afterScroll, { passive: true });
  undo.listen(document, 'visibilitychange', afterScroll);
  undo.listen(window, 'focus', afterScroll);
  undo.every(1_000, () => { if (room.outgoing.some((item) => item.waitUntil > Date.now() - 1_000)) soon(); });
  const resize = new ResizeObserver(() => scroll.keepEnd());
  resize.observe(view);
  resize.observe(list);
  undo(() => resize.disconnect(), () => { room.keep = 2_000; });

  const messageOf = (seq) => /** @type {any} */ (room.entry(seq));
  undo(messageActions(chat, room, list, messageOf, on).end);

  begin();
  return {
    element,
    show,
    /** The newest message of one's own that can be edited. */
    lastOwn: () => room.entries.findLast((entry) => entry.type === 'message' && entry.user === chat.user?.id && !entry.deleted && entry.thread === undefined),
    /** Once it is in the document: before that there is nothing to scroll. */
    shown: draw,
    toLatest,
    /** The reader says that all was read. */
    markAllRead() {
      newAfter = null;
      toLatest();
    },
    sent() { if (!following()) toLatest(); },
    end: undo.end,
  };
}
