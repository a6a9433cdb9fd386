import { fill, h } from './dom.js';
import { bytes } from './format.js';
import { enter, lastName } from './guest.js';
import { t } from './i18n.js';

const NAME_BYTES = 64;
const PROBLEMS = { RATE_LIMITED: 'welcome.tooMany', UNAVAILABLE: 'welcome.unreachable' };

/**
 * The first visit: a name, and one is in.
 * @param {{again?: boolean, guests?: boolean}} why
 * @returns {Promise<import('./guest.js').Pass>}
 */
export function welcome({ again = false, guests = true } = {}) {
  return new Promise((resolve) => {
    const name = h('input', { class: 'field', id: 'name', name: 'name', 'data-test': 'name', autocomplete: 'nickname', autocapitalize: 'words', spellcheck: 'false', enterkeyhint: 'go', dir: 'auto', maxlength: 100, 'aria-describedby': 'name-hint name-problem', value: lastName() });
    const button = h('button', { class: 'primary', type: 'submit', 'data-test': 'enter' }, t('welcome.enter'));
    const problem = h('p', { class: 'problem', id: 'name-problem', role: 'alert' });
    const form = h('form', { class: 'welcome-form', novalidate: true, onsubmit: submit },
      h('label', { for: 'name' }, t('welcome.name')), h('div', { class: 'welcome-line' }, name, button),
      h('p', { class: 'hint', id: 'name-hint' }, t('welcome.hint')), problem);
    const element = h('main', { class: 'welcome' }, h('div', { class: 'welcome-box' },
      h('p', { class: 'brand' }, h('img', { src: '/icon.svg', alt: '', width: 28, height: 28 }), t('app.name')),
      h('h1', {}, t('welcome.title')),
      h('p', { class: 'lead' }, t(!guests ? 'welcome.noGuests' : again ? 'welcome.again' : 'welcome.lead')),
      guests && form));
    document.body.replaceChildren(element);
    name.focus();

    async function submit(event) {
      event.preventDefault();
      const text = name.value.trim();
      const wrong = !text ? 'welcome.nameMissing' : bytes(text) > NAME_BYTES * 3 || [...text].length > NAME_BYTES ? 'welcome.nameTooLong' : '';
      fill(problem, wrong && t(wrong));
      name.toggleAttribute('aria-invalid', Boolean(wrong));
      if (wrong) {
        name.focus();
        return;
      }
      button.disabled = true;
      try {
        const pass = await enter(text);
        element.remove();
        resolve(pass);
      } catch (error) {
        button.disabled = false;
        fill(problem, t(PROBLEMS[error.code] ?? 'welcome.refused'));
        name.focus();
      }
    }
  });
}
