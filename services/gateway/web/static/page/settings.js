import { dialog } from './dialog.js';
import { h } from './dom.js';
import { forgetDrafts } from './drafts.js';
import { forgetPass } from './guest.js';
import { language, languageName, languages, t } from './i18n.js';
import { keysHelp } from './keys.js';
import { forgetMuted } from './muted.js';
import { allow } from './notify.js';
import { statusForm } from './status.js';
import { load, save } from './store.js';

/** @param {import('/natter.js').Chat} chat */
export function settings(chat) {
  const theme = document.documentElement.dataset.theme ?? 'system';
  const element = dialog(t('settings.title'), 'settings',
    h('div', { class: 'settings-body' },
      statusForm(chat),
      choice(t('settings.theme'), 'theme', theme, { system: t('settings.theme.system'), light: t('settings.theme.light'), dark: t('settings.theme.dark') }, setTheme),
      choice(t('settings.language'), 'language', language, Object.fromEntries(languages.map((one) => [one, languageName(one)])), setLanguage),
      notices(),
      h('div', { class: 'forget' },
        h('p', { class: 'hint' }, t('settings.forgetHint', { name: chat.user?.name ?? '' })),
        h('button', { type: 'button', onclick: () => { chat.close(); forgetPass(); forgetDrafts(); forgetMuted(); location.reload(); } }, t('settings.forget')))),
    h('div', { class: 'buttons' },
      h('button', { type: 'button', onclick: () => { element.close(); keysHelp(); } }, t('keys.title')),
      h('button', { class: 'primary', type: 'button', onclick: () => element.close() }, t('settings.close'))));
}

function notices() {
  if (!('Notification' in window)) return null;
  const blocked = Notification.permission === 'denied';
  const on = Notification.permission === 'granted' && load('notices') !== 'no';
  const box = /** @type {HTMLInputElement} */ (h('input', { type: 'checkbox', id: 'notices', checked: on, disabled: blocked, onchange: async () => {
    if (box.checked) box.checked = await allow() === 'granted';
    else save('notices', 'no');
  } }));
  return h('div', { class: 'notices-choice' }, h('label', { class: 'check', for: 'notices' }, box, h('span', {}, t('settings.notices'))), blocked && h('p', { class: 'hint' }, t('settings.noticesBlocked')));
}

function choice(label, name, current, options, onChoose) {
  return h('fieldset', { class: 'choice' }, h('legend', {}, label),
    h('div', { class: 'options' }, Object.entries(options).map(([value, text]) => h('label', {},
      h('input', { type: 'radio', name, value, checked: value === current, onchange: () => onChoose(value) }), h('span', {}, text)))));
}

function setTheme(value) {
  if (value === 'system') {
    localStorage.removeItem('natter.theme');
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem('natter.theme', value);
    document.documentElement.dataset.theme = value;
  }
}

function setLanguage(value) {
  localStorage.setItem('natter.language', value);
  location.reload();
}
