import { bdi, h } from './dom.js';

// A link ends before the punctuation of the sentence it stands in.
const PIECES = /(https?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]}，。；：！？）】、])|<@([^>\s]{1,128})>/giu;

/**
 * A message's text as nodes: links as written, mentions by name, all else as it is.
 * @param {string} text
 * @param {{nameOf: (user: string) => string, me?: string}} people
 * @returns {(Node|string)[]}
 */
export function textNodes(text, { nameOf, me }) {
  const nodes = [];
  let done = 0;
  for (const match of text.matchAll(PIECES)) {
    const [all, link, user] = match;
    const node = link ? linkTo(link) : bdi(`@${nameOf(user)}`, { class: user === me ? 'mention mine' : 'mention' });
    if (!node) continue;
    nodes.push(text.slice(done, match.index), node);
    done = match.index + all.length;
  }
  nodes.push(text.slice(done));
  return nodes;
}

function linkTo(text) {
  try {
    const url = new URL(text);
    return h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer', dir: 'ltr' }, text);
  } catch {
    return null;
  }
}

/** One plain line, for a list or an announcement. */
export function plainText(text, nameOf) {
  return text.replace(/<@([^>\s]{1,128})>/gu, (_, user) => `@${nameOf(user)}`).replace(/\s+/gu, ' ').trim();
}
