const END = 24; // this near to the end counts as the end
const REACH = 800; // this near to an edge, more is fetched

/**
 * Keeps the place in a scrolled list while lines come and go.
 * @param {HTMLElement} view the element that scrolls
 * @param {HTMLElement} list whose children are the lines
 */
export function scroller(view, list) {
  let pinned = true; // at the end, and meant to stay there

  const distance = () => view.scrollHeight - view.clientHeight - view.scrollTop;
  view.addEventListener('scroll', () => { pinned = distance() < END; }, { passive: true });

  return {
    atEnd: () => pinned,
    nearTop: () => view.scrollTop < REACH,
    nearEnd: () => distance() < REACH,

    toEnd() {
      pinned = true;
      view.scrollTop = view.scrollHeight;
    },

    /** The end is not where one wants to be. */
    leave() { pinned = false; },

    toMiddle(line) {
      const [box, frame] = [line.getBoundingClientRect(), view.getBoundingClientRect()];
      view.scrollTop += box.top - frame.top - Math.max(24, (frame.height - box.height) / 2);
      pinned = false;
    },

    /** After the view or a line changed its height. */
    keepEnd() { if (pinned) view.scrollTop = view.scrollHeight; },

    toTop(line, space) {
      view.scrollTop += line.getBoundingClientRect().top - view.getBoundingClientRect().top - space;
      pinned = distance() < END;
    },

    /** The first lines in sight, and where they stand: the very first may be drawn anew when something comes before it. */
    anchor() {
      const top = view.getBoundingClientRect().top;
      const kept = [];
      for (const line of list.children) {
        const box = line.getBoundingClientRect();
        if (box.bottom <= top || !line.matches('.message, .notice')) continue;
        kept.push({ line, seq: line.dataset.seq, top: box.top });
        if (kept.length === 4) break;
      }
      return kept;
    },

    restore(kept) {
      const stayed = kept.find(({ line }) => line.isConnected);
      const drawnAnew = kept.find(({ seq }) => seq && list.querySelector(`[data-seq="${seq}"]`));
      const line = stayed?.line ?? (drawnAnew && list.querySelector(`[data-seq="${drawnAnew.seq}"]`));
      if (line) view.scrollTop += line.getBoundingClientRect().top - (stayed ?? drawnAnew).top;
    },
  };
}
