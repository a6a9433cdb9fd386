import { fill, h } from './dom.js';
import { bytes } from './format.js';
import { enter, lastName } from './guest.js';
import { t } from './i18n.js';

const NAME_BYTES = 64;
const PROBLEMS = { RATE_LIMITED: 'welcome.tooMany', UNAVAILABLE: 'welcome.unreachable' };

/**
 * The first visit: a name, and one is in.
 * @param {{again?: boolean, guests?: boolean}} why
 * @returns {Promise<void>}
 */
export function welcome({ again = false, guests = true } = {}) {
  return new Promise((resolve) => {
    const form = guests && nameForm(enter, () => { element.remove(); resolve(); });
    const element = h('main', { class: 'welcome' }, h('div', { class: 'welcome-box' },
      h('p', { class: 'brand' }, h('img', { src: '/icon.svg', alt: '', width: 28, height: 28 }), t('app.name')),
      h('h1', {}, t('welcome.title')),
      h('p', { class: 'lead' }, t(!guests ? 'welcome.noGuests' : again ? 'welcome.again' : 'welcome.lead')),
      form));
    document.body.replaceChildren(element);
    form && form.querySelector('input').focus();
  });
}

/**
 * A field for a name, and a button.
 * @param {(name: string) => Promise<any>} come
 * @param {() => void} done
 */
export function nameForm(come, done) {
  const name = /** @type {HTMLInputElement} */ (h('input', { class: 'field', id: 'name', name: 'name', 'data-test': 'name', autocomplete: 'nickname', autocapitalize: 'words', spellcheck: 'false', enterkeyhint: 'go', dir: 'auto', maxlength: 100, 'aria-describedby': 'name-hint name-problem', value: lastName() }));
  const button = /** @type {HTMLButtonElement} */ (h('button', { class: 'primary', type: 'submit', 'data-test': 'enter' }, t('welcome.enter')));
  const problem = h('p', { class: 'problem', id: 'name-problem', role: 'alert' });

  async function submit(event) {
    event.preventDefault();
    const text = name.value.trim();
    const wrong = !text ? 'welcome.nameMissing' : bytes(text) > NAME_BYTES * 3 || [...text].length > NAME_BYTES ? 'welcome.nameTooLong' : '';
    fill(problem, wrong && t(wrong));
    if (wrong) name.setAttribute('aria-invalid', 'true');
    else name.removeAttribute('aria-invalid');
    if (wrong) {
      name.focus();
      return;
    }
    button.disabled = true;
    try {
      await come(text);
      done();
    } catch (error) {
      button.disabled = false;
      fill(problem, t(PROBLEMS[error.code] ?? 'welcome.refused'));
      name.focus();
    }
  }

  return h('form', { class: 'welcome-form', novalidate: true, onsubmit: submit },
    h('label', { for: 'name' }, t('welcome.name')), h('div', { class: 'welcome-line' }, name, button),
    h('p', { class: 'hint', id: 'name-hint' }, t('welcome.hint')), problem);
}
