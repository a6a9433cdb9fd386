import { avatar } from './avatar.js';
import { dialogAt, sure } from './dialog.js';
import { bdi, fill, h } from './dom.js';
import { fullTime } from './format.js';
import { t } from './i18n.js';
import { presenceSign } from './presence.js';
import { say, toast } from './toast.js';

const HOUR = 3_600_000;

/**
 * Who somebody is, and what one may do: write to them, and as a moderator keep order.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 * @param {string} user
 * @param {{near: Node, onOpen?: (room: string) => void}} on
 */
export function personCard(chat, room, user, { near, onOpen }) {
  const name = chat.nameOf(user);
  let person = room.people.get(user);
  const { state = 'OFFLINE', text, lastSeen } = { ...person, ...chat.presence.get(user) };
  const me = user === chat.user?.id;
  const order = h('div', { class: 'person-moderation', hidden: true });
  const element = dialogAt(near, name, 'person-card',
    h('div', { class: 'person-top' }, avatar(user, name),
      h('div', {},
        h('p', { class: 'person-state' }, presenceSign(state), t(`presence.${state === 'INVISIBLE' ? 'OFFLINE' : state}`), person?.role && person.role !== 'MEMBER' && ` · ${t(`role.${person.role}`)}`),
        text && h('p', { dir: 'auto' }, text),
        state === 'OFFLINE' && lastSeen && h('p', { class: 'meta' }, t('person.lastSeen', { time: fullTime(lastSeen) })))),
    !me && onOpen && h('div', { class: 'person-actions' }, h('button', { class: 'primary', type: 'button', 'data-test': 'direct', onclick: direct }, t('person.direct'))),
    order);
  if (person || !room.member) moderation();
  else room.loadPeople().catch(() => {}).finally(() => { person = room.people.get(user); moderation(); });

  async function direct() {
    try {
      const opened = await chat.openDirect(user);
      element.close();
      onOpen(opened.id);
    } catch (error) {
      toast('person.failed', error, element);
    }
  }

  function moderation() {
    const owner = room.role === 'OWNER';
    const may = (owner || (room.role === 'MODERATOR' && !['OWNER', 'MODERATOR'].includes(person?.role))) && room.kind !== 'DIRECT' && !me;
    order.hidden = !may;
    if (!may) return;
    const mute = muteOf(room, user);
    const button = (key, act, danger = false) => h('button', { type: 'button', class: danger ? 'danger' : '', 'data-test': `person-${key}`, onclick: () => run(act) }, t(`person.${key}`));
    fill(order,
      mute?.on && h('p', { class: 'meta', 'data-test': 'person-muted' }, mute.until ? t('person.mutedUntil', { time: fullTime(mute.until) }) : t('person.muted')),
      owner && person && h('label', { class: 'line' }, h('span', {}, t('person.role')), roleField()),
      h('div', { class: 'person-actions' },
        !mute?.on && button('mute', () => room.mute(user, { until: Date.now() + HOUR })), mute?.on !== false && button('unmute', () => room.unmute(user)),
        person && button('kick', () => room.kick(user), true),
        button('ban', async () => await sure(element, t('person.ban'), t('person.banWords', { name, room: room.title }), t('person.ban')) && room.ban(user), true),
        !person && button('unban', () => room.unban(user))));
  }

  function roleField() {
    return h('select', { class: 'field', 'data-test': 'person-roles', onchange: ({ currentTarget }) => run(() => room.setRole(user, currentTarget.value)) },
      ['OWNER', 'MODERATOR', 'MEMBER', 'READER'].map((role) => h('option', { value: role, selected: role === person.role }, t(`role.${role}`))));
  }

  async function run(act) {
    try {
      if (await act() === false) return;
      element.close();
      say(t('person.done'), near);
    } catch (error) {
      toast('person.failed', error, element);
    }
  }
}

/**
 * Whether somebody is muted, as far as the events at hand tell: the server is not asked.
 * @param {import('/natter.js').Room} room
 * @param {string} user
 * @returns {{on: boolean, until?: string}|null} null: that is not known
 */
function muteOf(room, user) {
  if (room.hasAfter) return null; // newer events are not at hand
  const last = /** @type {import('/natter.js').Notice|undefined} */ (room.entries.findLast((entry) => entry.user === user && (entry.type === 'muted' || entry.type === 'unmuted')));
  if (!last) return null;
  const { until } = last.change;
  return { on: last.type === 'muted' && (!until || Date.parse(until) > Date.now()), until };
}

/** A name that opens the card. */
export function personButton(user, name, onPerson, attributes = {}) {
  return h('button', { class: 'name person-name', type: 'button', tabindex: -1, 'data-user': user, onclick: () => onPerson(user), ...attributes }, bdi(name));
}
