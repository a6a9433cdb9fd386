import { announcements } from '../page/announcement.js';
import { announcer } from '../page/announcer.js';
import { closedPanel } from '../page/foot.js';
import { detailsPane } from '../page/details.js';
import { h, scope } from '../page/dom.js';
import { t } from '../page/i18n.js';
import { personCard } from '../page/person.js';
import { roomView } from '../page/room-view.js';
import { skeleton } from '../page/skeleton.js';
import { nameForm } from '../page/welcome.js';

const NOT_THERE = ['NOT_FOUND', 'FORBIDDEN', 'BAD_REQUEST', 'GONE'];

/**
 * What is inside an element: the way in, then the room.
 * @param {HTMLElement} stage
 * @param {{room: string, header: boolean, source: import('./token-source.js').TokenSource|null, connect: () => import('../natter.js').Chat}} options
 */
export function embedded(stage, { room: id, header, source, connect }) {
  const undo = scope();
  let chat = null;
  let view = null;
  let ended = false;

  function words(key, values) { show(h('div', { class: 'nothing' }, h('p', {}, t(key, values)))); }

  function show(...nodes) { stage.replaceChildren(...nodes); }

  async function begin() {
    if (!id) return words('embed.noRoom');
    if (!source) return words('embed.noToken');
    show(skeleton());
    if (source.enter) {
      await new Promise((resolve) => { show(h('div', { class: 'embed-enter' }, nameForm(source.enter, resolve))); });
      if (ended) return undefined;
      show(skeleton());
    }
    chat = connect();
    undo(chat.on('state', settle), chat.on('rooms', settle));
    return settle();
  }

  let coming = false;

  async function settle() {
    if (ended || coming) return;
    if (chat.state === 'closed' && !view) {
      show(closedPanel(chat.status, () => chat.open()));
      return;
    }
    const room = chat.rooms.get(id);
    if (room && room !== view?.room) draw(room);
    if (room || chat.state !== 'online') return;
    coming = true;
    try {
      await chat.watch(id); // one may read first, and join from there
    } catch (error) {
      if (NOT_THERE.includes(error.code) && !ended) words('room.notFound');
    } finally {
      coming = false;
    }
    if (chat.rooms.has(id)) settle();
  }

  function draw(room) {
    view?.end();
    const on = { onClose: () => details.open(null), onPerson: (user) => personCard(chat, room, user, { near: stage }) };
    const details = detailsPane(chat, { ...on, onChange: () => { stage.dataset.details = details?.kind ? 'open' : 'closed'; }, onOpen: (_, seq) => { details.open(null); inside.show(seq); }, linkOf: undefined });
    const inside = roomView(chat, room, {
      ...on,
      onPeople: () => details.open(details.kind === 'people' ? null : { kind: 'people' }, room),
      onSearch: () => details.open({ kind: 'search' }, room),
      onThread: (root) => details.open({ kind: 'thread', root }, room),
      onClosed: () => chat.open(),
      onDone: () => chat.forget(id),
    });
    if (!header) inside.element.querySelector('.room-head')?.classList.add('hidden-head');
    const said = announcements(chat, { room: id, onClosed: () => inside.focus() });
    view = { room, end() { inside.end(); said.end(); } };
    show(said.element, inside.element, details.element, announcer(chat, { room: id }));
    inside.shown();
  }

  begin();
  return {
    get room() { return view?.room ?? null; },
    end() {
      ended = true;
      undo.end();
      view?.end();
      stage.replaceChildren();
    },
  };
}
