import { dialog, sure } from './dialog.js';
import { fill, h } from './dom.js';
import { t } from './i18n.js';
import { isMuted, setMuted } from './muted.js';
import { reasonOf, say, toast } from './toast.js';

const SLOW = [0, 5, 10, 30, 60, 300, 900, 3600];

/**
 * What a room is called and how it is run, for those who may change it; leaving it, for all.
 * @param {import('/natter.js').Chat} chat
 * @param {import('/natter.js').Room} room
 */
export function roomSettings(chat, room) {
  const owner = room.role === 'OWNER';
  const moderates = owner || room.role === 'MODERATOR';
  const direct = room.kind === 'DIRECT';
  const problem = h('p', { class: 'problem', role: 'alert' });
  const element = dialog(t('roomSettings.title'), 'room-settings',
    moderates && !direct && form(),
    room.member && !direct && (moderates || room.kind === 'PUBLIC') && invitation(),
    room.member && quiet(),
    h('div', { class: 'form' }, h('div', { class: 'buttons line-up' },
      room.member && !direct && h('button', { type: 'button', 'data-test': 'leave', onclick: leave }, t('room.leave')),
      owner && !direct && h('button', { type: 'button', 'data-test': 'archive', onclick: () => run(() => room.update({ archived: !room.archived })) }, t(room.archived ? 'roomSettings.unarchive' : 'roomSettings.archive')),
      owner && !direct && h('button', { class: 'danger', type: 'button', 'data-test': 'delete-room', onclick: remove }, t('roomSettings.delete')),
      (direct || !room.member) && h('p', { class: 'hint' }, t(direct ? 'roomSettings.direct' : 'roomSettings.watching'))), problem));

  function form() {
    const name = field('input', 'room-name', { required: true, maxlength: 80, value: room.name, dir: 'auto' });
    const topic = field('input', 'room-topic', { maxlength: 250, value: room.topic, dir: 'auto' });
    const seconds = SLOW.includes(room.slowModeSeconds) ? SLOW : [...SLOW, room.slowModeSeconds].sort((a, b) => a - b);
    const slow = h('select', { class: 'field', id: 'room-slow', 'data-test': 'room-slow' },
      seconds.map((s) => h('option', { value: s, selected: s === room.slowModeSeconds }, s ? t('roomSettings.slowSeconds', { count: s }) : t('roomSettings.slowOff'))));
    const keep = (event) => {
      event.preventDefault();
      const change = {
        ...(name.value.trim() !== room.name && { name: name.value.trim() }), ...(topic.value.trim() !== room.topic && { topic: topic.value.trim() }),
        ...(Number(slow.value) !== room.slowModeSeconds && { slowModeSeconds: Number(slow.value) }),
      };
      if (Object.keys(change).length) run(() => room.update(change));
      else element.close();
    };
    return h('form', { class: 'form', onsubmit: keep },
      h('label', { for: 'room-name' }, t('create.name')), name,
      h('label', { for: 'room-topic' }, t('create.topic')), topic,
      h('label', { for: 'room-slow' }, t('roomSettings.slow')), slow,
      h('div', { class: 'buttons' }, h('button', { class: 'primary', type: 'submit', 'data-test': 'room-keep' }, t('roomSettings.keep'))));
  }

  function quiet() {
    const box = /** @type {HTMLInputElement} */ (h('input', { type: 'checkbox', id: 'room-muted', 'data-test': 'room-muted', checked: isMuted(room), 'aria-describedby': 'muted-hint', onchange: () => setMuted(room, box.checked) }));
    return h('div', { class: 'form' }, h('label', { class: 'check', for: 'room-muted' }, box, h('span', {}, t('roomSettings.mute'))),
      h('p', { class: 'hint', id: 'muted-hint' }, t('roomSettings.muteHint')));
  }

  function invitation() {
    const users = new Map();
    for (const other of chat.rooms.values()) for (const [user, { name }] of other.people) if (!room.people.has(user)) users.set(user, name);
    const who = field('input', 'invite-user', { maxlength: 128, list: 'invite-people', required: true, autocomplete: 'off', 'aria-describedby': 'invite-hint' });
    const invite = async (event) => {
      event.preventDefault();
      const typed = who.value.trim();
      const user = [...users].find(([id, name]) => id === typed || name === typed)?.[0] ?? typed;
      if (!await run(() => room.invite(user), false)) return;
      who.value = '';
      say(t('roomSettings.invited', { name: chat.nameOf(user) }));
    };
    return h('form', { class: 'form', onsubmit: invite },
      h('label', { for: 'invite-user' }, t('roomSettings.invite')),
      h('div', { class: 'field-line' }, who, h('button', { type: 'submit', 'data-test': 'invite' }, t('roomSettings.inviteAction'))),
      h('p', { class: 'hint', id: 'invite-hint' }, t('roomSettings.inviteHint')),
      h('datalist', { id: 'invite-people' }, [...users].map(([id, name]) => h('option', { value: id }, name))));
  }

  async function run(act, close = true) {
    fill(problem);
    try {
      await act();
      if (close) element.close();
      return true;
    } catch (error) {
      fill(problem, t('roomSettings.failed', { reason: reasonOf(error) }));
      return false;
    }
  }

  async function leave() {
    if (!await sure(element, t('room.leave'), t('room.leaveSure', { room: room.title }), t('room.leave'))) return;
    element.close();
    await chat.leave(room.id).catch((error) => toast('leave.failed', error));
  }

  async function remove() {
    if (await sure(element, t('roomSettings.delete'), t('roomSettings.deleteWords', { room: room.title }), t('roomSettings.delete'))) run(() => room.deleteRoom());
  }
}

function field(tag, id, attributes) {
  return /** @type {HTMLInputElement} */ (h(tag, { class: 'field', id, 'data-test': id, ...attributes }));
}
