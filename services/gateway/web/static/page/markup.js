// The few signs that people write by hand. What is no pair of signs stays as it was typed.
const FENCE = /^```[^\n`]*\n([^]*?)\n?```[ \t]*$/m;
const INLINE = /(?<code>`+)(?<coded>[^`\n](?:[^\n]*?[^`\n])?)\k<code>(?!`)|(?<link>https?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]}*_~`，。；：！？）】、])|<@(?<user>[^>\s]{1,128})>|(?<![\p{L}\p{N}*])\*\*(?<bold>[^\s*](?:[^\n]*?[^\s])??)\*\*(?!\*)|(?<![\p{L}\p{N}*])\*(?<star>[^\s*](?:[^\n*]*[^\s*])?)\*(?![\p{L}\p{N}*])|(?<![\p{L}\p{N}_])_(?<under>[^\s_](?:[^\n_]*[^\s_])?)_(?![\p{L}\p{N}_])|~~(?<struck>[^\s~](?:[^\n~]*[^\s~])?)~~/giu;
const DEEPEST = 4;

/**
 * @typedef {{kind: 'text'|'code'|'link'|'mention'|'block', text: string}
 *   | {kind: 'bold'|'italic'|'struck'|'quote', inside: Piece[]}} Piece
 */

/**
 * A text as a tree of pieces. Pure.
 * @param {string} text
 * @returns {Piece[]}
 */
export function piecesOf(text) {
  const pieces = [];
  let rest = text;
  for (let match; (match = FENCE.exec(rest)); ) {
    pieces.push(...quotesOf(rest.slice(0, match.index)), { kind: 'block', text: match[1] });
    rest = rest.slice(match.index + match[0].length).replace(/^\n/, '');
  }
  return [...pieces, ...quotesOf(rest)];
}

/** Lines that begin with > are a quote. */
function quotesOf(text) {
  const pieces = [];
  let plain = [];
  let quoted = [];
  const flush = () => {
    if (plain.length) pieces.push(...inlineOf(plain.join('\n'), 0));
    if (quoted.length) pieces.push({ kind: 'quote', inside: inlineOf(quoted.join('\n'), 0) });
    plain = [];
    quoted = [];
  };
  for (const line of text.split('\n')) {
    const quote = /^> ?(?=\S)(.*)$/.exec(line);
    if (Boolean(quote) !== quoted.length > 0) flush();
    if (quote) quoted.push(quote[1]);
    else plain.push(line);
  }
  flush();
  return pieces;
}

function inlineOf(text, depth) {
  if (!text) return [];
  const pieces = [];
  let done = 0;
  for (const match of text.matchAll(INLINE)) {
    const { coded, link, user, bold, star, under, struck } = match.groups;
    const inside = (part) => (depth < DEEPEST ? inlineOf(part, depth + 1) : [{ kind: 'text', text: part }]);
    if (done < match.index) pieces.push({ kind: 'text', text: text.slice(done, match.index) });
    if (coded) pieces.push({ kind: 'code', text: coded });
    else if (link) pieces.push({ kind: 'link', text: link });
    else if (user) pieces.push({ kind: 'mention', text: user });
    else if (bold) pieces.push({ kind: 'bold', inside: inside(bold) });
    else if (struck) pieces.push({ kind: 'struck', inside: inside(struck) });
    else pieces.push({ kind: 'italic', inside: inside(star ?? under) });
    done = match.index + match[0].length;
  }
  if (done < text.length) pieces.push({ kind: 'text', text: text.slice(done) });
  return pieces;
}
