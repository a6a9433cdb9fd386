import { h, scope } from './dom.js';
import { draftOf, keepDraft } from './drafts.js';
import { bytes, seconds } from './format.js';
import { t } from './i18n.js';
import { icon } from './icon.js';

const TEXT_BYTES = 16 * 1024;

/**
 * Where one writes. The draft is kept from the first key on.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {() => void} onSent
 */
export function composer(chat, room, onSent) {
  const undo = scope();
  const hint = h('p', { class: 'composer-hint', id: 'composer-hint', role: 'status' });
  const input = h('textarea', {
    'data-test': 'composer', rows: 1, dir: 'auto', enterkeyhint: 'send', autocomplete: 'off', 'aria-describedby': 'composer-hint',
    'aria-label': t('composer.label', { room: room.name }), placeholder: t('composer.placeholder', { room: room.name }),
  });
  const button = h('button', { class: 'send', type: 'submit', 'data-test': 'send', 'aria-label': t('composer.send'), title: t('composer.send') }, icon('send'));
  const element = h('form', { class: 'composer' }, h('div', { class: 'composer-box' }, input, button), hint);

  const limit = () => (chat.limits.textBytes ?? TEXT_BYTES) || Infinity; // 0: no limit
  const over = () => bytes(input.value.trim()) - limit();
  const slow = () => Math.max(0, room.slowUntil - Date.now());

  function fit() {
    input.style.height = 'auto';
    input.style.height = `${input.scrollHeight}px`;
  }

  function check() {
    const extra = over();
    const words = extra > 0 ? t('composer.over', { count: extra })
      : slow() ? t('composer.slow', { seconds: seconds(slow()) })
        : -extra < limit() / 10 ? t('composer.left', { count: -extra }) : '';
    if (hint.textContent !== words) hint.textContent = words;
    hint.classList.toggle('over', extra > 0);
    // aria-disabled keeps the focus, and the phone's keyboard, where they are
    button.setAttribute('aria-disabled', String(!input.value.trim() || extra > 0 || slow() > 0));
  }

  function submit(event) {
    event?.preventDefault();
    const text = input.value.trim();
    if (!text || over() > 0 || slow()) {
      check();
      return;
    }
    room.send(text);
    input.value = '';
    keepDraft(room.id, '');
    fit();
    check();
    input.focus();
    onSent();
  }

  undo.listen(input, 'input', () => {
    keepDraft(room.id, input.value);
    fit();
    check();
    room.sendTyping(!input.value.trim());
  });
  undo.listen(input, 'keydown', (event) => {
    // While an input method composes, Enter chooses a word; Safari says so by the key code only.
    if (event.key !== 'Enter' || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return;
    submit(event);
  });
  undo.listen(element, 'submit', submit);
  undo.listen(button, 'pointerdown', (event) => event.preventDefault()); // the focus stays in the text
  undo.every(500, () => { if (room.slowModeSeconds || hint.textContent) check(); });
  undo(room.on('change', check));

  input.value = draftOf(room.id);
  check();
  return {
    element,
    focus: () => input.focus(),
    shown: fit,
    end: undo.end,
  };
}
