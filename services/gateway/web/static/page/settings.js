import { dialog } from './dialog.js';
import { h } from './dom.js';
import { forgetDrafts } from './drafts.js';
import { forgetPass } from './guest.js';
import { language, t } from './i18n.js';

const LANGUAGES = { en: 'English', 'zh-CN': '中文' };

/** @param {import('/natter.js').Chat} chat */
export function settings(chat) {
  const theme = document.documentElement.dataset.theme ?? 'system';
  const element = dialog(t('settings.title'), 'settings',
    choice(t('settings.theme'), 'theme', theme, { system: t('settings.theme.system'), light: t('settings.theme.light'), dark: t('settings.theme.dark') }, setTheme),
    choice(t('settings.language'), 'language', language, LANGUAGES, setLanguage),
    h('div', { class: 'forget' },
      h('p', { class: 'hint' }, t('settings.forgetHint', { name: chat.user?.name ?? '' })),
      h('button', { type: 'button', onclick: () => { chat.close(); forgetPass(); forgetDrafts(); location.reload(); } }, t('settings.forget'))),
    h('div', { class: 'buttons' }, h('button', { class: 'primary', type: 'button', onclick: () => element.close() }, t('settings.close'))));
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
