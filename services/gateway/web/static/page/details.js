import { h } from './dom.js';
import { peoplePanel } from './people.js';
import { searchPanel } from './search.js';
import { threadPanel } from './thread.js';

/**
 * What stands beside the timeline: people, a thread or a search, one at a time.
 * @param {import('/natter.js').Chat} chat
 * @param {{onChange: () => void, onPerson: (user: string) => void, onOpen: (room: string, seq: number) => void, onClose: () => void, linkOf: (seq: number) => string}} on
 */
export function detailsPane(chat, on) {
  const element = h('aside', { class: 'details' });
  let panel = null;

  /** @param {{kind: 'people'|'search'}|{kind: 'thread', root: number}|null} what @param {import('/natter.js').Room} [room] */
  function open(what, room) {
    panel?.end();
    const made = what && room ? panelOf(what, room) : null;
    panel = made && { ...made, kind: what.kind };
    element.replaceChildren(...(panel ? [panel.element] : []));
    on.onChange();
    panel?.shown?.();
  }

  function panelOf(what, room) {
    if (what.kind === 'people') return peoplePanel(chat, room, on.onClose, on.onPerson);
    if (what.kind === 'search') return searchPanel(chat, room, { onClose: on.onClose, onOpen: on.onOpen });
    return threadPanel(chat, room, what.root, { onClose: on.onClose, linkOf: on.linkOf });
  }

  return { element, open, get kind() { return panel?.kind ?? null; } };
}
