import assert from 'node:assert/strict';
import { test } from 'node:test';
import { piecesOf } from '../static/page/markup.js';

/** Pieces in a short form: *bold*, /italic/, -struck-, `code`, [block], <link>, @mention, >quote. */
function short(pieces) {
  const marks = { bold: ['*', '*'], italic: ['/', '/'], struck: ['-', '-'], code: ['`', '`'], block: ['[', ']'], link: ['<', '>'], mention: ['@', ''], quote: ['>', '<'], text: ['', ''] };
  return pieces.map((piece) => marks[piece.kind][0] + (piece.inside ? short(piece.inside) : piece.text) + marks[piece.kind][1]).join('');
}

for (const [text, want] of [
  ['plain', 'plain'],
  ['**bold** and *it* and _it_ and ~~no~~', '*bold* and /it/ and /it/ and -no-'],
  ['**a *b* c**', '*a /b/ c*'],
  ['2 * 3 * 4', '2 * 3 * 4'],
  ['snake_case_name and 5*4*3', 'snake_case_name and 5*4*3'],
  ['** not **', '** not **'],
  ['**open', '**open'],
  ['`**code**` x', '`**code**` x'],
  ['``a ` b``', '`a ` b`'],
  ['```\na\n**b**\n```', '[a\n**b**]'],
  ['x\n```js\n1\n```\ny', 'x\n[1]y'],
  ['> q1\n> q2\nafter', '>q1\nq2<after'],
  ['a > b', 'a > b'],
  ['see https://e.com/a_b_c*d.', 'see <https://e.com/a_b_c*d>.'],
  ['**https://e.com/x**', '*<https://e.com/x>*'],
  ['（https://e.com/路）。', '（<https://e.com/路>）。'],
  ['hi <@u2>!', 'hi @u2!'],
  ['javascript:alert(1)', 'javascript:alert(1)'],
  ['**你好**，世界', '*你好*，世界'],
]) {
  test(`${JSON.stringify(text)} is drawn as meant`, () => assert.equal(short(piecesOf(text)), want));
}

test('nothing is lost: all letters of any text are in its pieces', () => {
  let seed = 7;
  const random = (n) => { seed = (seed * 1103515245 + 12345) % 2 ** 31; return seed % n; };
  const bits = ['*', '**', '_', '~~', '`', '```', '\n', '> ', 'word', ' ', '<@u>', 'https://a.b/c', '你', '\\'];
  for (let i = 0; i < 3000; i++) {
    const text = Array.from({ length: random(14) }, () => bits[random(bits.length)]).join('');
    const letters = (s) => s.replace(/[^a-z你]/gu, '');
    const flat = (pieces) => pieces.map((piece) => (piece.inside ? flat(piece.inside) : piece.text)).join('');
    // A fence's first line names a language, which is not shown.
    if (!text.includes('```')) assert.equal(letters(flat(piecesOf(text))), letters(text), text);
  }
});

test('a long text of open signs takes no time', () => {
  const began = process.cpuUsage().user;
  for (const sign of ['*', '**', '_', '~~', '`', '> ', '<@', '```\n', '**a ', '*a ', '_a ', '~~a ']) piecesOf(sign.repeat(16 * 1024 / sign.length));
  assert.ok(process.cpuUsage().user - began < 20_000_000, `${process.cpuUsage().user - began} µs`);
});
