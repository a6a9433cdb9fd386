import { bytes } from './format.js';

/**
 * A text that is too long for one message, cut into as many as it needs: between lines, else between words, else anywhere.
 * @param {string} text
 * @param {number} limit in bytes
 * @returns {string[]}
 */
export function parted(text, limit) {
  const parts = [];
  for (let rest = text.trim(); rest; ) {
    if (bytes(rest) <= limit) {
      parts.push(rest);
      break;
    }
    const most = fitting(rest, limit);
    const line = rest.lastIndexOf('\n', most);
    const word = rest.lastIndexOf(' ', most);
    const end = line > most / 2 ? line : word > most / 2 ? word : most;
    parts.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return parts.filter(Boolean);
}

/** How many UTF-16 units fit, without parting a character. */
function fitting(text, limit) {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(limit));
  return Math.max(1, read);
}
