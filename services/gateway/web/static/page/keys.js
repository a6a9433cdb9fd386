import { dialog } from './dialog.js';
import { h } from './dom.js';
import { t } from './i18n.js';

const CONTROL = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl';
const KEYS = [
  ['keys.find', [CONTROL, 'K']], ['keys.search', [CONTROL, 'F']], ['keys.rooms', ['Alt', '↑ ↓']], ['keys.unread', ['Shift', 'Alt', '↑ ↓']],
  ['keys.send', ['Enter']], ['keys.line', ['Shift', 'Enter']], ['keys.edit', ['↑']], ['keys.mention', ['@']],
  ['keys.messages', ['↑ ↓']], ['keys.escape', ['Esc']], ['keys.help', ['?']],
];

/** All keys there are. */
export function keysHelp() {
  dialog(t('keys.title'), 'keys', h('dl', { class: 'key-list' }, KEYS.map(([key, presses]) => h('div', {},
    h('dt', {}, t(key)), h('dd', {}, presses.map((press) => h('kbd', {}, press)))))));
}
