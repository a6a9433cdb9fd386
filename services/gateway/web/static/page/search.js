import { avatar } from './avatar.js';
import { bdi, fill, h, scope } from './dom.js';
import { fullTime, moment } from './format.js';
import { t } from './i18n.js';
import { icon } from './icon.js';
import { roving } from './roving.js';

const PAGE = 30;
const WAIT_MS = 250;

/**
 * Finds messages, in this room or in all; what was found is marked.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {{onClose: () => void, onOpen: (room: string, seq: number) => void}} on
 */
export function searchPanel(chat, room, on) {
  const undo = scope();
  const input = /** @type {HTMLInputElement} */ (h('input', { class: 'field', type: 'search', 'data-test': 'search-field', placeholder: t('search.placeholder'), 'aria-label': t('search.placeholder'), autocomplete: 'off', maxlength: 200, dir: 'auto' }));
  const everywhere = /** @type {HTMLInputElement} */ (h('input', { type: 'checkbox', id: 'search-everywhere' }));
  const said = h('p', { class: 'quiet-line', role: 'status' });
  const list = h('ul', { class: 'hits', 'data-test': 'hits' });
  const more = h('button', { type: 'button', hidden: true, onclick: () => ask(true) }, t('search.more'));
  const element = h('section', { class: 'details-panel search', 'aria-labelledby': 'search-title' },
    h('header', { class: 'details-head' }, h('h2', { id: 'search-title' }, t('search.title')),
      h('button', { class: 'tool', type: 'button', 'data-test': 'close-details', 'aria-label': t('dialog.close'), title: t('dialog.close'), onclick: on.onClose }, icon('close'))),
    h('div', { class: 'search-body' },
      h('div', { class: 'search-head' }, input, h('label', { class: 'check', for: 'search-everywhere' }, everywhere, h('span', {}, t('search.everywhere')))),
      said, list, more));
  const choose = roving(list, '.hit');
  let hits = [];
  let cursor;
  let turn = 0;
  let timer = 0;

  async function ask(further = false) {
    const query = input.value.trim();
    const now = ++turn;
    if (!query) {
      hits = [];
      cursor = undefined;
      fill(said, t('search.hint'));
      draw();
      return;
    }
    if (!further) fill(said, t('search.looking'));
    try {
      const found = await chat.search(query, { limit: PAGE, ...(!everywhere.checked && { room: room.id }), ...(further && cursor && { cursor }) });
      if (now !== turn) return;
      hits = further ? [...hits, ...found.hits] : found.hits;
      cursor = found.cursor;
      fill(said, hits.length ? t('search.count', { count: hits.length }) : t('search.none'));
    } catch (error) {
      if (now !== turn) return;
      fill(said, t(error.code === 'BAD_REQUEST' ? 'search.odd' : 'search.failed'));
    }
    draw();
  }

  function draw() {
    more.hidden = !cursor;
    fill(list, hits.map(hitElement));
    choose();
  }

  function hitElement({ room: id, message, snippet }) {
    const elsewhere = everywhere.checked && chat.rooms.get(id);
    return h('li', {}, h('button', { class: 'hit', type: 'button', tabindex: -1, 'data-test': 'hit', onclick: () => on.onOpen(id, message.seq) },
      avatar(message.user, message.name, 'small'),
      h('span', { class: 'hit-head' }, bdi(message.name, { class: 'who' }), elsewhere && h('span', { class: 'meta' }, bdi(elsewhere.title)),
        h('time', { class: 'meta', datetime: message.time, title: fullTime(message.time) }, moment(message.time))),
      h('span', { class: 'hit-text', dir: 'auto' }, markedNodes(snippet))));
  }

  undo.listen(input, 'input', () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  undo.listen(input, 'keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown') list.querySelector('.hit')?.focus();
    else if (event.key === 'Enter') ask();
    else return;
    event.preventDefault();
  });
  undo.listen(everywhere, 'change', () => ask());
  undo(() => clearTimeout(timer));
  fill(said, t('search.hint'));
  return { element, shown: () => input.focus(), end: undo.end };
}

/** The words that were looked for, as marks in their text. */
export function markedNodes({ text, marks }) {
  const nodes = [];
  let done = 0;
  for (const { start, end } of marks) {
    nodes.push(text.slice(done, start), h('mark', {}, text.slice(start, end)));
    done = end;
  }
  return [...nodes, text.slice(done)];
}
