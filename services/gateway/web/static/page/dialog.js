import { h } from './dom.js';
import { t } from './i18n.js';
import { icon } from './icon.js';

/**
 * A modal dialog. Esc and a press beside it close it; it is gone from the document then.
 * @param {string} title
 * @param {string} name becomes a class
 * @param {...(Node|string)} content
 */
export function dialog(title, name, ...content) {
  const element = h('dialog', { class: `dialog ${name}`, 'aria-label': title },
    h('header', { class: 'dialog-head' }, h('h2', {}, title),
      h('button', { class: 'tool', type: 'button', 'aria-label': t('people.close'), onclick: () => element.close() }, icon('close'))),
    content);
  element.addEventListener('close', () => element.remove());
  element.addEventListener('pointerdown', (event) => { if (event.target === element) element.close(); });
  document.body.append(element);
  element.showModal();
  return element;
}
