import { bdi, fill, h, scope } from './dom.js';
import { draftOf, keepDraft } from './drafts.js';
import { bytes, seconds } from './format.js';
import { t, tNodes } from './i18n.js';
import { icon } from './icon.js';
import { mentions } from './mentions.js';
import { parted } from './parts.js';
import { plainText } from './text.js';
import { toast } from './toast.js';

const TEXT_BYTES = 16 * 1024;

/**
 * Where one writes. The draft is kept from the first key on.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {{thread?: number, onSent?: () => void, lastOwn?: () => import('/natter.js').Message|undefined}} on
 */
export function composer(chat, room, { thread, onSent = () => {}, lastOwn = () => undefined }) {
  const undo = scope();
  const place = thread ? `${room.id}#${thread}` : room.id;
  const hintId = `hint-${place}`;
  const hint = h('div', { class: 'composer-hint', id: hintId, role: 'status' });
  const about = h('div', { class: 'composer-about', 'data-test': 'about', hidden: true });
  const input = /** @type {HTMLTextAreaElement} */ (h('textarea', {
    'data-test': thread ? 'thread-composer' : 'composer', rows: 1, dir: 'auto', enterkeyhint: 'send', autocomplete: 'off', 'aria-describedby': hintId,
    'aria-label': thread ? t('thread.composer') : t('composer.label', { room: room.title }), placeholder: thread ? t('thread.composer') : t('composer.placeholder', { room: room.title }),
  }));
  const button = h('button', { class: 'send', type: 'submit', 'data-test': thread ? 'thread-send' : 'send', 'aria-label': t('composer.send'), title: t('composer.send') }, icon('send'));
  const names = mentions(chat, room, input, changed);
  const element = h('form', { class: 'composer' }, names.element, about, h('div', { class: 'composer-box' }, input, button), hint);

  /** @type {import('/natter.js').Message|null} */ let replying = null;
  /** @type {import('/natter.js').Message|null} */ let editing = null;

  const limit = () => (chat.limits.textBytes ?? TEXT_BYTES) || Infinity; // 0: no limit
  const text = () => names.encode(input.value.trim());
  const slow = () => (editing ? 0 : Math.max(0, room.slowUntil - Date.now()));

  function fit() {
    input.style.height = 'auto';
    input.style.height = `${input.scrollHeight}px`;
  }

  function check() {
    const extra = bytes(text()) - limit();
    const words = extra > 0 ? t('composer.over', { count: extra })
      : slow() ? t('composer.slow', { seconds: seconds(slow()) })
        : -extra < limit() / 10 ? t('composer.left', { count: -extra }) : '';
    if (hint.firstChild?.textContent !== words) {
      const split = extra > 0 && !editing && !room.slowModeSeconds;
      fill(hint, words && h('span', {}, words), split && h('button', { class: 'link', type: 'button', 'data-test': 'split', onclick: () => send(parted(text(), limit())) }, t('composer.split', { count: parted(text(), limit()).length })));
    }
    hint.classList.toggle('over', extra > 0);
    // aria-disabled keeps the focus, and the phone's keyboard, where they are
    button.setAttribute('aria-disabled', String(!text() || extra > 0 || slow() > 0));
  }

  function drawAbout() {
    const message = editing ?? replying;
    about.hidden = !message;
    if (!message) return;
    fill(about, h('span', { class: 'about-words' }, editing ? t('composer.editing') : tNodes('composer.replying', { name: bdi(message.name, { class: 'who' }) }),
      !editing && bdi(plainText(message.text, (user) => chat.nameOf(user)), { class: 'about-text' })),
    h('button', { class: 'tool', type: 'button', 'aria-label': t('dialog.cancel'), title: t('dialog.cancel'), onclick: () => { cancel(); input.focus(); } }, icon('close')));
  }

  /** Stops replying or editing; false if there was nothing to stop. */
  function cancel() {
    if (!editing && !replying) return false;
    if (editing) restore();
    editing = replying = null;
    drawAbout();
    check();
    return true;
  }

  function restore() {
    const draft = draftOf(place);
    for (const [name, user] of draft.mentions ?? []) names.known.set(name, user);
    input.value = draft.text;
    fit();
  }

  function changed() {
    if (!editing) keepDraft(place, { text: input.value, mentions: [...names.known].filter(([name]) => input.value.includes(`@${name}`)) });
    fit();
    check();
  }

  function submit(event) {
    event?.preventDefault();
    const now = text();
    if (!now || bytes(now) > limit() || slow()) check();
    else if (editing) edit(editing, now);
    else send([now]);
  }

  function send(texts) {
    for (const one of texts) room.send(one, { ...(replying && { replyTo: replying.seq }), ...(thread && { thread }) });
    replying = null;
    input.value = '';
    drawAbout();
    changed();
    input.focus();
    onSent();
  }

  async function edit(message, now) {
    cancel();
    if (now === message.text) return;
    try {
      await room.edit(message.seq, now);
    } catch (error) {
      toast('edit.failed', error, element);
      if (!input.value) beginEdit({ ...message, text: now }); // what was typed is not lost
    }
  }

  function beginEdit(message) {
    editing = message;
    replying = null;
    input.value = names.decode(message.text);
    drawAbout();
    fit();
    check();
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  undo.listen(input, 'input', () => {
    changed();
    names.look();
    if (!editing) room.sendTyping(!input.value.trim());
  });
  undo.listen(input, 'click', names.look);
  undo.listen(input, 'keydown', (event) => {
    // While an input method composes, Enter chooses a word; Safari says so by the key code only.
    if (event.isComposing || event.keyCode === 229 || names.key(event)) return;
    if (event.key === 'Escape' && cancel()) event.stopPropagation();
    if (event.key === 'ArrowUp' && !input.value && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const message = lastOwn();
      if (!message) return;
      event.preventDefault();
      beginEdit(message);
    }
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) submit(event);
  });
  undo.listen(element, 'submit', submit);
  undo.listen(button, 'pointerdown', (event) => event.preventDefault()); // the focus stays in the text
  undo.every(500, () => { if (room.slowModeSeconds || hint.firstChild) check(); });
  undo(room.on('change', check));

  restore();
  check();
  return {
    element,
    focus: () => input.focus(),
    shown: fit,
    reply(message) {
      cancel();
      replying = message;
      drawAbout();
      input.focus();
    },
    edit: beginEdit,
    end: undo.end,
  };
}
