import { bdi, h } from './dom.js';
import { piecesOf } from './markup.js';

const TAGS = { bold: 'strong', italic: 'em', struck: 's', quote: 'blockquote' };

/**
 * A message's text as nodes: links as written, mentions by name, bold and code by elements made here.
 * @param {string} text
 * @param {{nameOf: (user: string) => string, me?: string}} people
 * @returns {(Node|string)[]}
 */
export function textNodes(text, people) { return piecesOf(text).map((piece) => nodeOf(piece, people)); }

function nodeOf(piece, people) {
  switch (piece.kind) {
    case 'code': return h('code', {}, piece.text);
    case 'block': return h('pre', { tabindex: 0 }, h('code', {}, piece.text));
    case 'link': return linkTo(piece.text);
    case 'mention': return bdi(`@${people.nameOf(piece.text)}`, { class: piece.text === people.me ? 'mention mine' : 'mention' });
    case 'text': return piece.text;
    default: return h(TAGS[piece.kind], {}, piece.inside.map((inner) => nodeOf(inner, people)));
  }
}

function linkTo(text) {
  try {
    const url = new URL(text);
    return h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer', dir: 'ltr' }, text);
  } catch {
    return text;
  }
}

/** One plain line, for a list or an announcement. */
export function plainText(text, nameOf) {
  const plain = (piece) => (piece.kind === 'mention' ? `@${nameOf(piece.text)}` : piece.inside?.map(plain).join('') ?? piece.text);
  return piecesOf(text).map((piece) => (['quote', 'block'].includes(piece.kind) ? ` ${plain(piece)} ` : plain(piece))).join('').replace(/\s+/gu, ' ').trim();
}
