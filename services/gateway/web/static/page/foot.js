import { composer } from './composer.js';
import { bdi, fill, focusedNear, h, scope } from './dom.js';
import { fullTime } from './format.js';
import { t, tNodes } from './i18n.js';
import { toast } from './toast.js';

/**
 * Below the timeline: the composer, or why one cannot write and what can be done about it.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {{onSent: () => void, lastOwn: () => any, onClosed: (action: string) => void, onDone: () => void}} on
 */
export function foot(chat, room, on) {
  const undo = scope();
  const element = h('div', { class: 'foot' });
  let kind = '';
  let writing = null;

  function draw() {
    const next = kindNow();
    if (next === kind) return;
    const hadFocus = element.contains(focusedNear(element));
    kind = next;
    writing?.end();
    writing = next === 'write' ? composer(chat, room, { onSent: on.onSent, lastOwn: on.lastOwn }) : null;
    fill(element, writing ? writing.element : panel(next));
    if (writing) {
      writing.shown();
      if (hadFocus) writing.focus();
    }
  }

  function kindNow() {
    if (chat.state === 'closed') return `closed ${chat.status.code}`;
    if (room.ended) return `ended ${room.ended.reason}`;
    if (room.archived) return 'archived';
    if (!room.member) return 'preview';
    return room.canWrite ? 'write' : 'reader';
  }

  function panel(now) {
    if (now.startsWith('closed')) return closedPanel(chat.status, on.onClosed);
    if (now.startsWith('ended')) return endedPanel(chat, room, on.onDone);
    if (now === 'preview') {
      return h('div', { class: 'panel' }, h('p', {}, tNodes('foot.preview', { room: bdi(room.title) })),
        h('button', { class: 'primary', type: 'button', 'data-test': 'join', onclick: join }, t('foot.join')));
    }
    return h('div', { class: 'panel' }, h('p', {}, t(`foot.${now}`)));
  }

  async function join({ currentTarget }) {
    currentTarget.disabled = true;
    try {
      await chat.join(room.id);
      writing?.focus();
    } catch (error) {
      currentTarget.disabled = false;
      toast('join.failed', error, element);
    }
  }

  undo(room.on('change', draw), room.on('gone', draw), chat.on('state', draw), () => writing?.end());
  draw();
  return { element, reply: (message) => writing?.reply(message), edit: (message) => writing?.edit(message), focus: () => writing?.focus(), shown: () => writing?.shown(), end: undo.end };
}

export function closedPanel({ code, reason }, onClosed) {
  const kind = [4401, 4403, 4409].includes(code) ? code : 'other';
  return h('div', { class: 'panel stop' },
    h('p', {}, h('strong', {}, t(`closed.${kind}`)), ' ', t(`closed.${kind}.hint`),
      kind === 'other' && h('span', { class: 'detail' }, ` (${[code, reason].filter(Boolean).join(' ')})`)),
    kind !== 4403 && h('button', { class: 'primary', type: 'button', onclick: () => onClosed(kind) }, t(`closed.${kind}.action`)));
}

function endedPanel(chat, room, onDone) {
  const { removed, reason } = room.ended;
  const name = bdi(room.title);
  const { change = {}, by } = removed ?? {};
  const who = by && bdi(chat.nameOf(by));
  const words = change.banned
    ? tNodes(change.until ? 'foot.bannedUntil' : 'foot.banned', { by: who, room: name, time: change.until && fullTime(change.until) })
    : reason === 'removed' ? tNodes('foot.removed', { by: who, room: name })
      : tNodes(reason === 'closed' || reason === 'deleted' ? 'foot.closed' : 'foot.gone', { room: name });
  return h('div', { class: 'panel stop' },
    h('p', {}, words, change.reason && [' ', t('foot.reason', { reason: change.reason })]),
    h('button', { type: 'button', onclick: onDone }, t('foot.closeRoom')));
}
