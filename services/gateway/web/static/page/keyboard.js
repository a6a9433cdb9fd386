/**
 * Keys that work anywhere on the page.
 * @param {{find: () => void, search: () => void, help: () => void, step: (by: number, unread: boolean) => void, escape: () => void, write: () => void}} on
 */
export function keyboard(on) {
  addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      if (!document.querySelector('dialog[open]')) on.find();
      return;
    }
    if (document.querySelector('dialog[open]')) return;
    if (event.key.toLowerCase() === 'f' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && on.search()) {
      event.preventDefault();
      return;
    }
    if (event.altKey && !event.ctrlKey && !event.metaKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      on.step(event.key === 'ArrowUp' ? -1 : 1, event.shiftKey);
    } else if (event.key === 'Escape') {
      on.escape();
    } else if (event.key === '?' && !typing(event.target)) {
      event.preventDefault();
      on.help();
    } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey && onPage(event.target)) {
      on.write(); // a letter typed while reading goes where it was meant to go
    }
  });
}

function typing(target) { return target.matches?.('input, textarea, select') ?? false; }

function onPage(target) {
  return target === document.body || target.closest?.('.timeline') !== null && !target.closest('a, button');
}
