import { focusedNear } from './dom.js';

/**
 * Arrow keys inside a list, of which one item at a time is in the tab order.
 * @param {HTMLElement} list
 * @param {string} selector its items
 * @param {{last?: boolean, columns?: number, across?: boolean}} [options] start from the last item instead of the first;
 *   so many items in a row; a list that lies across
 * @returns {() => void} call it after the items changed
 */
export function roving(list, selector, { last = false, columns = 1, across = false } = {}) {
  const items = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll(selector)]).filter((item) => !item.hidden);

  const choose = (item) => {
    for (const other of list.querySelectorAll(`${selector}[tabindex="0"]`)) if (other !== item) other.tabIndex = -1;
    if (item) item.tabIndex = 0;
  };

  list.addEventListener('focusin', (event) => {
    const item = event.target.closest(selector);
    if (item && list.contains(item)) choose(item);
  });

  list.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !event.target.matches?.(selector)) return;
    const all = items();
    const at = all.indexOf(event.target);
    const beside = across || columns > 1 ? { ArrowLeft: at - 1, ArrowRight: at + 1 } : {};
    const next = { ...(!across && { ArrowUp: at - columns, ArrowDown: at + columns }), ...beside, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined || !all[next]) return;
    event.preventDefault();
    all[next].focus();
  });

  return () => {
    const all = items();
    const focused = focusedNear(list);
    const current = all.find((item) => item === focused) ?? all.find((item) => item.tabIndex === 0);
    choose(current ?? (last ? all.at(-1) : all[0]));
  };
}
