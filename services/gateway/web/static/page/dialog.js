import { h, stageOf } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icon.js';

/**
 * A modal dialog. Esc and a press beside it close it; it is gone from the document then.
 * @param {string} title
 * @param {string} name becomes a class
 * @param {...any} content
 */
export function dialog(title, name, ...content) { return dialogAt(document.body, title, name, ...content); }

/** The same where an element of ours is: on the page, or inside <natter-room>. @param {Node} near */
export function dialogAt(near, title, name, ...content) {
  const element = /** @type {HTMLDialogElement} */ (h('dialog', { class: `dialog ${name}`, 'aria-label': title },
    h('header', { class: 'dialog-head' }, h('h2', {}, title),
      h('button', { class: 'tool', type: 'button', 'aria-label': t('dialog.close'), title: t('dialog.close'), onclick: () => element.close() }, icon('close'))),
    content));
  element.addEventListener('close', () => element.remove());
  element.addEventListener('pointerdown', (event) => { if (event.target === element) element.close(); });
  stageOf(near).append(element);
  element.showModal();
  return element;
}

/**
 * Asks before something that cannot be undone.
 * @param {Node} near
 * @param {string} title
 * @param {string} words
 * @param {string} action what the button says
 * @returns {Promise<boolean>}
 */
export function sure(near, title, words, action) {
  return new Promise((resolve) => {
    let yes = false;
    const element = dialogAt(near, title, 'sure',
      h('p', { class: 'sure-words' }, words),
      h('div', { class: 'buttons' },
        h('button', { type: 'button', onclick: () => element.close() }, t('dialog.cancel')),
        h('button', { class: 'danger', type: 'button', autofocus: true, 'data-test': 'sure', onclick: () => { yes = true; element.close(); } }, action)));
    element.addEventListener('close', () => resolve(yes));
  });
}
