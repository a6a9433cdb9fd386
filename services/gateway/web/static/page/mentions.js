import { avatar } from './avatar.js';
import { bdi, fill, h } from './dom.js';
import { t } from './i18n.js';

const MOST = 6;
const BEGUN = /(?:^|[\s(（])@([^\s@]{0,40})$/u;

/**
 * Completes names after an @. In the field stands the name; `encode` makes of it what the server understands.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {HTMLTextAreaElement} input
 * @param {() => void} onChange after a name was put in
 */
export function mentions(chat, room, input, onChange) {
  const id = `mentions-${room.id}-${Math.random().toString(36).slice(2, 8)}`;
  const list = h('ul', { class: 'mention-list', role: 'listbox', id, 'aria-label': t('mentions.label'), 'data-test': 'mentions', hidden: true });
  /** @type {Map<string, string>} name → user */ const known = new Map();
  let found = [];
  let at = 0;
  let asked = false;

  const begun = () => (input.selectionStart === input.selectionEnd ? BEGUN.exec(input.value.slice(0, input.selectionStart)) : null);

  function look() {
    const word = begun()?.[1];
    if (word === undefined) {
      close();
      return;
    }
    if (!asked && room.member) {
      asked = true;
      room.loadPeople().then(look, () => { asked = false; });
    }
    const wanted = word.toLocaleLowerCase();
    const people = new Map([...room.people.values()].map(({ user, name }) => [user, name]));
    for (const entry of room.entries) if (entry.type === 'message') people.set(entry.user, chat.nameOf(entry.user));
    people.delete(chat.user?.id);
    found = [...people].filter(([user, name]) => /^[^>\s]+$/.test(user) && name.toLocaleLowerCase().split(/\s+/u).concat(name.toLocaleLowerCase()).some((part) => part.startsWith(wanted))).slice(0, MOST);
    at = 0;
    draw();
  }

  function draw() {
    list.hidden = !found.length;
    fill(list, found.map(([user, name], i) => h('li', {
      id: `${id}-${i}`, class: 'mention-row', role: 'option', 'aria-selected': String(i === at),
      onpointerdown: (event) => { event.preventDefault(); take(i); },
    }, avatar(user, name, 'small'), bdi(name))));
    if (found.length) input.setAttribute('aria-activedescendant', `${id}-${at}`);
    else input.removeAttribute('aria-activedescendant');
  }

  function take(i) {
    const [user, name] = found[i];
    const end = input.selectionStart;
    const start = end - begun()[1].length - 1;
    known.set(name, user);
    input.setRangeText(`@${name} `, start, end, 'end');
    close();
    onChange();
  }

  function close() {
    found = [];
    draw();
  }

  input.setAttribute('aria-controls', id);
  input.setAttribute('aria-autocomplete', 'list');
  input.addEventListener('blur', close);

  return {
    element: list,
    look,
    close,
    /** True if the key was meant for the list. @param {KeyboardEvent} event */
    key(event) {
      if (!found.length) return false;
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        at = (at + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % found.length;
        draw();
      } else if (event.key === 'Enter' || event.key === 'Tab') take(at);
      else if (event.key === 'Escape') close();
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
    known,
    /** Names become mentions. */
    encode(text) {
      for (const [name, user] of [...known].sort(([a], [b]) => b.length - a.length)) text = text.replaceAll(`@${name}`, `<@${user}>`);
      return text;
    },
    /** And back, to be edited. */
    decode: (text) => text.replace(/<@([^>\s]{1,128})>/gu, (_, user) => {
      const name = chat.nameOf(user);
      known.set(name, user);
      return `@${name}`;
    }),
  };
}
