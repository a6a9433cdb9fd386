import { h } from './dom.js';
import { t } from './i18n.js';

const WIDTHS = [62, 38, 80, 54];

/** Where messages will be. */
export function skeleton() {
  return h('div', { class: 'skeleton', role: 'img', 'aria-label': t('timeline.loading') },
    WIDTHS.map((width) => h('div', { class: 'bones' }, h('span', { class: 'bone round' }), h('div', {}, h('span', { class: 'bone short' }), bone(width)))));
}

/** @param {number} width in percent */
export function bone(width) {
  const line = h('span', { class: 'bone' });
  line.style.setProperty('--width', `${width}%`);
  return line;
}
