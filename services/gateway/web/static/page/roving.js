/**
 * Arrow keys inside a list, of which one item at a time is in the tab order.
 * @param {HTMLElement} list
 * @param {string} selector its items
 * @param {{last?: boolean}} [options] start from the last item instead of the first
 * @returns {() => void} call it after the items changed
 */
export function roving(list, selector, { last = false } = {}) {
  const items = () => [...list.querySelectorAll(selector)];

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
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined || !all[next]) return;
    event.preventDefault();
    all[next].focus();
  });

  return () => {
    const all = items();
    const current = all.find((item) => item.tabIndex === 0);
    choose(current ?? (last ? all.at(-1) : all[0]));
  };
}
