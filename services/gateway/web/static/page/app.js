import { connect, Room } from '/natter.js';
import { announcer } from './announcer.js';
import { createRoom } from './create-room.js';
import { h } from './dom.js';
import { finder } from './finder.js';
import { currentToken, forgetPass, keptPass } from './guest.js';
import { t } from './i18n.js';
import { keyboard } from './keyboard.js';
import { Navigation } from './navigation.js';
import { peoplePanel } from './people.js';
import { roomList } from './room-list.js';
import { emptyView, roomView } from './room-view.js';
import { settings } from './settings.js';
import { load, save } from './store.js';
import { followViewport } from './viewport.js';
import { welcome } from './welcome.js';

const PHONE = matchMedia('(max-width: 639.98px)');
const WIDE = matchMedia('(min-width: 1280px)');

followViewport();
const config = await fetch('/v1/config').then((response) => (response.ok ? response.json() : {}), () => ({}));
if (!keptPass()) await welcome({ guests: config.guests !== false });

const chat = connect({ getToken: currentToken, agent: 'natter page' });
const navigation = new Navigation();
const main = h('main', { class: 'main' });
const details = h('aside', { class: 'details' });
const veil = h('div', { class: 'veil', onclick: () => { setDrawer(false); showPeople(false); } });
const rooms = roomList(chat, navigation, { onFind: find, onCreate: () => create(), onSettings: () => settings(chat) });
const app = h('div', { class: 'app' }, rooms.element, main, details, veil, announcer(chat, navigation));
document.body.replaceChildren(app);

let view = null; // what is in the middle
let shown = null; // the Room, or the kind of nothing
let people = null;
let peopleWanted = load('people') !== false; // where there is room for it
const notFound = new Set();
let first = true; // not online yet since the page was opened

const on = {
  onBack: () => (PHONE.matches ? navigation.back() : setDrawer(app.dataset.drawer !== 'open')),
  onPeople: () => wantPeople(!people),
  onClosed: goOn,
  onDone: () => chat.forget(navigation.room),
};

/** Draws the middle and the right for the room that is open. */
function draw() {
  const room = chat.user ? chat.rooms.get(navigation.room) : undefined;
  app.dataset.pane = navigation.room || (first && (navigation.first ?? config.defaultRoom)) ? 'room' : 'rooms';
  const next = room ?? kindOfNothing();
  if (next === shown) return;
  const typing = document.activeElement?.closest('.composer');
  shown = next;
  view?.end();
  view = room ? roomView(chat, room, on) : emptyView(chat, on, { kind: next, action: h('button', { class: 'primary', type: 'button', onclick: find }, t('rooms.find')) });
  main.replaceChildren(view.element);
  view.shown();
  if (!PHONE.matches || typing) view.focus();
  showPeople(peopleWanted && WIDE.matches);
}

function kindOfNothing() {
  if (navigation.room && notFound.has(navigation.room)) return 'notFound';
  if (first || navigation.room) return 'loading';
  return chat.rooms.size ? 'pick' : 'none';
}

/** A room of the address that is not one's own is watched: it can be read, and joined from there. */
async function opened() {
  setDrawer(false);
  const id = navigation.room;
  draw();
  if (!id || chat.rooms.has(id) || chat.state !== 'online') return;
  try {
    await chat.watch(id);
    notFound.delete(id);
  } catch (error) {
    if (['NOT_FOUND', 'FORBIDDEN', 'BAD_REQUEST', 'GONE'].includes(error.code)) notFound.add(id);
  }
  draw();
}

function wantPeople(open) {
  showPeople(open);
  if (!WIDE.matches) return;
  peopleWanted = open;
  save('people', open);
}

function showPeople(open) {
  people?.end();
  const room = chat.rooms.get(navigation.room);
  people = open && room ? peoplePanel(chat, room, () => wantPeople(false)) : null;
  details.replaceChildren(...(people ? [people.element] : []));
  app.dataset.details = people ? 'open' : 'closed';
}

function setDrawer(open) {
  app.dataset.drawer = open ? 'open' : 'closed';
  if (open) rooms.element.querySelector('.room[tabindex="0"]')?.focus();
}

function find() { finder(chat, { onOpen: (id) => navigation.open(id), onCreate: create }); }

function create(name) { createRoom(chat, { name, onOpen: (id) => navigation.open(id) }); }

/** Alt+↑/↓ */
function step(by, unreadOnly) {
  const order = rooms.order();
  const from = order.findIndex((room) => room.id === navigation.room);
  for (let i = 1; i <= order.length; i++) {
    const room = order[(from + by * i + order.length * (i + 1)) % order.length];
    if (unreadOnly && !room.unread) continue;
    navigation.open(room.id);
    return;
  }
}

function escape() {
  if (app.dataset.drawer === 'open') setDrawer(false);
  else if (people && !WIDE.matches) showPeople(false);
  else view?.escape();
}

/** After a close that does not end by itself. */
async function goOn(kind) {
  if (kind === 'other') location.reload();
  if (kind === 4401) {
    forgetPass();
    await welcome({ again: true });
    document.body.replaceChildren(app);
  }
  chat.open();
}

/** Where one is after coming in: the last room, or the first, or the default one. */
async function openFirst() {
  const wanted = navigation.first;
  const own = [...chat.rooms.values()].filter((room) => room.member);
  const id = wanted ?? own.find((room) => room.id === config.defaultRoom)?.id ?? own[0]?.id;
  if (id) navigation.open(id);
  else draw();
}

chat.on('rooms', () => {
  if (navigation.room && !chat.rooms.has(navigation.room) && shown instanceof Room) {
    save('room', null);
    navigation.close();
    if (!PHONE.matches) openFirst();
  }
  draw();
});

chat.on('state', async ({ state, code }) => {
  if (state === 'closed' && code === 4401 && first) await goOn(4401); // the kept token was too old to begin with
  if (state !== 'online') return;
  const own = [...chat.rooms.values()].some((room) => room.member);
  if (!own && config.defaultRoom) await chat.join(config.defaultRoom).catch(() => {});
  const fresh = first;
  first = false;
  if (fresh || (!navigation.room && !PHONE.matches)) openFirst();
  else opened();
});

navigation.addEventListener('change', opened);
WIDE.addEventListener('change', () => showPeople(peopleWanted && WIDE.matches));
keyboard({ find, step, escape, write: () => view?.focus() });
draw();
