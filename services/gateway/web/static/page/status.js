import { h } from './dom.js';
import { t } from './i18n.js';
import { toast } from './toast.js';

const STATES = ['ONLINE', 'AWAY', 'BUSY', 'INVISIBLE'];

/**
 * How one may be reached, and a word about it.
 * @param {import('/natter.js').Chat} chat
 */
export function statusForm(chat) {
  const now = chat.presence.get(chat.user?.id) ?? { state: 'ONLINE' };
  let chosen = STATES.includes(now.state) ? now.state : 'ONLINE';
  const words = /** @type {HTMLInputElement} */ (h('input', { class: 'field', id: 'status-text', maxlength: 60, value: now.text ?? '', autocomplete: 'off', dir: 'auto', 'data-test': 'status-text' }));
  const set = async (event) => {
    event?.preventDefault();
    try {
      await chat.setStatus(/** @type {any} */ (chosen), { text: words.value.trim() });
    } catch (error) {
      toast('status.failed', error, form);
    }
  };
  const form = h('form', { class: 'status-form', onsubmit: set },
    h('fieldset', { class: 'choice' }, h('legend', {}, t('status.title')), h('div', { class: 'options' }, STATES.map((state) => h('label', {},
      h('input', { type: 'radio', name: 'status', value: state, checked: state === chosen, 'data-test': `status-${state}`, onchange: () => { chosen = state; set(); } }), h('span', {}, t(`status.${state}`)))))),
    h('label', { for: 'status-text' }, t('status.text')),
    h('div', { class: 'field-line' }, words, h('button', { type: 'submit', 'data-test': 'status-set' }, t('status.set'))));
  return form;
}
