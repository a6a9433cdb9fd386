import { sure } from './dialog.js';
import { fill, h, scope } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icon.js';
import { emojiPicker } from './picker.js';
import { roving } from './roving.js';
import { say, toast } from './toast.js';

const PRESS_MS = 450;

/**
 * What one may do with a message: one toolbar, which stands in the message that is pointed at or has the focus.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {HTMLElement} list whose messages they are
 * @param {(seq: number) => import('/natter.js').Message|undefined} messageOf
 * @param {{onReply?: Function, onEdit?: Function, onThread?: (seq: number) => void, linkOf?: (seq: number) => string}} on
 */
export function messageActions(chat, room, list, messageOf, on) {
  const undo = scope();
  const bar = h('div', { class: 'actions', role: 'toolbar', 'aria-label': t('actions.label'), 'data-test': 'actions' });
  const choose = roving(bar, 'button', { across: true });

  function settle(line) {
    if (bar.parentNode === line) return;
    const message = line && messageOf(Number(line.dataset.seq));
    if (!message || message.deleted) {
      bar.remove();
      return;
    }
    fill(bar, buttonsFor(message).map(([name, act]) => h('button', {
      class: 'tool', type: 'button', tabindex: -1, 'data-test': `action-${name}`, 'aria-label': t(`actions.${name}`), title: t(`actions.${name}`),
      onclick: (event) => { event.stopPropagation(); act(event.currentTarget); },
    }, icon(name))));
    line.append(bar);
    choose();
  }

  function buttonsFor(message) {
    const own = message.user === chat.user?.id;
    const moderates = ['OWNER', 'MODERATOR'].includes(room.role) && room.kind !== 'DIRECT';
    const writes = room.canWrite;
    return [
      room.member && !room.archived && room.role !== 'READER' && ['react', (button) => emojiPicker(button, (emoji) => react(room, message, emoji, button))],
      writes && on.onReply && ['reply', () => on.onReply(message)],
      on.onThread && (writes || message.replyCount > 0) && ['thread', () => on.onThread(message.thread ?? message.seq)],
      own && writes && on.onEdit && ['edit', () => on.onEdit(message)],
      on.linkOf && ['link', () => copy(on.linkOf(message.seq))],
      (own || moderates) && !room.archived && ['delete', () => remove(message)],
    ].filter(Boolean);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      say(t('actions.copied'), list);
    } catch {
      say(text, list); // a browser that lets nobody copy: it can be read, at least
    }
  }

  async function remove(message) {
    if (!await sure(list, t('delete.title'), t('delete.words'), t('delete.action'))) return;
    await room.delete(message.seq).catch((error) => toast('delete.failed', error, list));
  }

  const over = (event) => settle(event.target.closest?.('.message[data-seq]'));
  undo.listen(list, 'pointerover', (event) => { if (event.pointerType === 'mouse' && !bar.contains(document.activeElement)) over(event); });
  undo.listen(list, 'focusin', over);
  // Who goes on to write wants the text's place free.
  undo.listen(list, 'focusout', (event) => { if (event.relatedTarget?.matches?.('textarea') && !list.contains(event.relatedTarget)) bar.remove(); });
  undo.listen(list, 'pointerleave', () => { if (!list.querySelector('.message:focus-within')) bar.remove(); });
  // A long press on a phone is a wish for these, not for the browser's own menu, of which not every phone tells.
  let pressed = 0;
  const release = () => clearTimeout(pressed);
  undo.listen(list, 'pointerdown', (event) => {
    release();
    const line = event.target.closest('.message[data-seq]');
    if (line && event.pointerType === 'touch' && !event.target.closest('a, button')) pressed = setTimeout(() => line.focus(), PRESS_MS);
  });
  for (const end of ['pointerup', 'pointercancel', 'pointerleave']) undo.listen(list, end, release);
  undo(release);
  undo.listen(list, 'contextmenu', (event) => {
    const line = event.target.closest('.message[data-seq]');
    if (!line || event.target.closest('a') || event.pointerType === 'mouse') return;
    event.preventDefault();
    line.focus();
  });
  return { end: undo.end };
}

/** Adds a reaction, or takes one's own back. */
export async function react(room, message, emoji, near) {
  const mine = message.reactions.some((one) => one.emoji === emoji && one.mine);
  await room.react(message.seq, emoji, mine).catch((error) => toast('react.failed', error, near));
}
