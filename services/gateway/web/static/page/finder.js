import { dialog } from './dialog.js';
import { bdi, fill, h } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icon.js';
import { toast } from './toast.js';

/**
 * Jumps to a room one is in, or joins a public one.
 * @param {import('/natter.js').Chat} chat
 * @param {{onOpen: (room: string) => void, onCreate: (name: string) => void}} on
 */
export function finder(chat, on) {
  const input = h('input', { type: 'search', class: 'field', placeholder: t('finder.placeholder'), 'aria-label': t('finder.placeholder'), autocomplete: 'off', autofocus: true, spellcheck: 'false' });
  const list = h('div', { class: 'found' });
  const element = dialog(t('finder.title'), 'finder', input, list);
  let found = null; // null: not asked yet
  let failed = false;
  let asked = 0;
  let timer = 0;

  const query = () => input.value.trim();
  const matches = (room) => `${room.title ?? room.name} ${room.topic} ${room.id ?? room.room}`.toLocaleLowerCase().includes(query().toLocaleLowerCase());

  async function ask() {
    const turn = ++asked;
    try {
      const { rooms } = await chat.listRooms({ limit: 50, ...(query() && { query: query() }) });
      if (turn !== asked) return;
      [found, failed] = [rooms, false];
    } catch {
      if (turn === asked) failed = true;
    }
    if (turn === asked) draw();
  }

  function draw() {
    const mine = [...chat.rooms.values()].filter((room) => room.member && matches(room));
    const open = (found ?? []).filter((room) => !chat.rooms.get(room.room)?.member && room.kind !== 'DIRECT');
    const name = query();
    const chosen = list.contains(document.activeElement) ? document.activeElement.dataset.room : undefined;
    fill(list,
      mine.length > 0 && [h('h3', {}, t('finder.yours')), h('ul', {}, mine.map((room) => row(room.id, room, false)))],
      open.length > 0 && [h('h3', {}, t('finder.public')), h('ul', {}, open.map((room) => row(room.room, room, true)))],
      (failed || !found || (!mine.length && !open.length)) && h('p', { class: 'quiet-line' }, t(failed ? 'finder.failed' : found ? 'finder.none' : 'finder.loading')),
      name && h('button', { class: 'result create', type: 'button', onclick: () => leave(() => on.onCreate(name)) }, icon('plus'), h('span', { class: 'name' }, t('finder.createNamed', { name }))));
    // What comes from the server later takes nobody's place away.
    if (chosen !== undefined) (list.querySelector(`.result[data-room="${CSS.escape(chosen)}"]`) ?? input).focus();
  }

  function row(id, room, joins) {
    const go = () => (joins ? join(id) : leave(() => on.onOpen(id)));
    return h('li', { class: 'result-row' },
      h('button', { class: 'result', type: 'button', 'data-room': id, 'data-joins': joins || null, onclick: joins ? () => leave(() => on.onOpen(id)) : go },
        icon(room.kind), bdi((room.title ?? room.name) || id, { class: 'name' }), h('span', { class: 'meta' }, t('room.peopleCount', { count: room.memberCount })), room.topic && bdi(room.topic, { class: 'about' })),
      joins && h('button', { class: 'small', type: 'button', 'data-test': 'join', 'data-room': id, 'aria-label': t('finder.joinRoom', { room: room.name }), onclick: go }, t('finder.join')));
  }

  async function join(id) {
    try {
      await chat.join(id);
      leave(() => on.onOpen(id));
    } catch (error) {
      toast('join.failed', error);
    }
  }

  function leave(then) {
    element.close();
    then();
  }

  input.addEventListener('input', () => {
    draw();
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });
  element.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    const results = [...list.querySelectorAll('.result')];
    const at = results.indexOf(document.activeElement);
    if (event.key === 'Enter' && event.target === input) results[0]?.click();
    else if (event.key === 'ArrowDown') (results[at + 1] ?? results.at(-1))?.focus();
    else if (event.key === 'ArrowUp') (at > 0 ? results[at - 1] : input).focus();
    else return;
    event.preventDefault();
  });
  draw();
  ask();
}
