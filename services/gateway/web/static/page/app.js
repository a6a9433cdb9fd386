import { connect, Room } from '../natter.js';
import { announcements } from './announcement.js';
import { announcer } from './announcer.js';
import { createRoom } from './create-room.js';
import { detailsPane } from './details.js';
import { h } from './dom.js';
import { finder } from './finder.js';
import { currentToken, forgetPass, keptPass } from './guest.js';
import { language, t } from './i18n.js';
import { keyboard } from './keyboard.js';
import { keysHelp } from './keys.js';
import { toTell } from './muted.js';
import { address, Navigation } from './navigation.js';
import { notices } from './notify.js';
import { personCard } from './person.js';
import { roomList } from './room-list.js';
import { roomSettings } from './room-settings.js';
import { emptyView, roomView } from './room-view.js';
import { settings } from './settings.js';
import { load, save } from './store.js';
import { followViewport } from './viewport.js';
import { welcome } from './welcome.js';

const PHONE = matchMedia('(max-width: 639.98px)');
const WIDE = matchMedia('(min-width: 1280px)');

document.documentElement.lang = language;
followViewport();
const asked = fetch('/v1/config').then((response) => (response.ok ? response.json() : {})).catch(() => ({}));
let config = {};
if (!keptPass()) {
  config = await asked;
  await welcome({ guests: config.guests !== false });
}

const chat = connect({ getToken: currentToken, agent: 'natter page' });
chat.signIdle();
const navigation = new Navigation();
const open = (id, seq = null) => navigation.open(id, seq);
const main = h('main', { class: 'main' });
const linkOf = (seq) => new URL(address(navigation.room, seq), location.href).href;
const details = detailsPane(chat, { onChange: markDetails, onPerson: showPerson, onOpen: openFound, onClose: closeDetails, linkOf });
const veil = h('div', { class: 'veil', onclick: () => { setDrawer(false); details.open(null); } });
const rooms = roomList(chat, navigation, { onFind: find, onCreate: () => create(), onSettings: () => settings(chat) }, notices(chat, open));
const said = announcements(chat, { onClosed: () => PHONE.matches || view?.focus() });
const app = h('div', { class: 'app' }, said.element, rooms.element, main, details.element, veil, announcer(chat, navigation));
document.body.replaceChildren(app);

let view = null; // what is in the middle
let shown = null; // the Room, or the kind of nothing
let peopleWanted = load('people') !== false; // where there is room for it
const notFound = new Set();
let first = true; // not online yet since the page was opened

const on = {
  onBack: () => (PHONE.matches ? navigation.back() : setDrawer(app.dataset.drawer !== 'open')),
  onPeople: () => wantPeople(details.kind !== 'people'),
  onSearch: () => search(),
  onRoom: () => roomSettings(chat, current()),
  onThread: (root) => details.open({ kind: 'thread', root }, current()),
  onPerson: showPerson,
  onClosed: goOn,
  onDone: () => chat.forget(navigation.room),
  linkOf,
};

function current() { return chat.user ? chat.rooms.get(navigation.room) : undefined; }

/** Draws the middle and the right for the room that is open. */
function draw() {
  const room = current();
  app.dataset.pane = navigation.room || (first && (navigation.first.room ?? config.defaultRoom)) ? 'room' : 'rooms';
  const next = room ?? kindOfNothing();
  if (next !== shown) {
    const typing = document.activeElement?.closest('.composer');
    shown = next;
    view?.end();
    view = room ? roomView(chat, room, on) : emptyView(chat, { onBack: on.onBack }, { kind: next, action: h('button', { class: 'primary', type: 'button', onclick: find }, t('rooms.find')) });
    main.replaceChildren(view.element);
    view.shown();
    if (!PHONE.matches || typing) view.focus();
    details.open(peopleWanted && WIDE.matches ? { kind: 'people' } : null, room);
  }
  if (room && navigation.seq !== null) {
    view.show(navigation.seq);
    navigation.arrived();
  }
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

function wantPeople(wanted) {
  details.open(wanted ? { kind: 'people' } : null, current());
  if (!WIDE.matches) return;
  peopleWanted = wanted;
  save('people', wanted);
}

function closeDetails() {
  if (details.kind === 'people') wantPeople(false);
  else details.open(peopleWanted && WIDE.matches ? { kind: 'people' } : null, current());
  view?.focus();
}

function markDetails() { app.dataset.details = details.kind ? 'open' : 'closed'; }

function search() {
  if (!current()) return false;
  details.open({ kind: 'search' }, current());
  return true;
}

/** A message from the search; on a small screen it would be under the panel. */
function openFound(room, seq) {
  if (!WIDE.matches) details.open(null);
  open(room, seq);
}

function showPerson(user) {
  const room = current();
  if (room) personCard(chat, room, user, { near: app, onOpen: open });
}

function setDrawer(wanted) {
  app.dataset.drawer = wanted ? 'open' : 'closed';
  if (wanted) rooms.element.querySelector('.room[tabindex="0"]')?.focus();
}

function find() { finder(chat, { onOpen: open, onCreate: create }); }

function create(name) { createRoom(chat, { name, onOpen: open }); }

/** Alt+↑/↓ */
function step(by, unreadOnly) {
  const order = rooms.order();
  const from = order.findIndex((room) => room.id === navigation.room);
  for (let i = 1; i <= order.length; i++) {
    const room = order[(from + by * i + order.length * (i + 1)) % order.length];
    if (unreadOnly && !toTell(room)) continue;
    open(room.id);
    return;
  }
}

function escape() {
  if (app.dataset.drawer === 'open') setDrawer(false);
  else if (details.kind && (!WIDE.matches || details.kind !== 'people')) closeDetails();
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
  const { room: wanted, seq } = navigation.first;
  const own = [...chat.rooms.values()].filter((room) => room.member);
  const id = wanted ?? own.find((room) => room.id === config.defaultRoom)?.id ?? own[0]?.id;
  if (id) open(id, seq);
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
  config = await asked; // who is known already need not wait for it to connect
  const own = [...chat.rooms.values()].some((room) => room.member);
  if (!own && config.defaultRoom) await chat.join(config.defaultRoom).catch(() => {});
  const fresh = first;
  first = false;
  if (fresh || (!navigation.room && !PHONE.matches)) openFirst();
  else opened();
});

navigation.addEventListener('change', opened);
WIDE.addEventListener('change', () => details.open(peopleWanted && WIDE.matches ? { kind: 'people' } : null, current()));
keyboard({ find, search, help: keysHelp, step, escape, write: () => view?.focus() });
draw();
