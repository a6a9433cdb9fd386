// Package search says what can be found in a text: which terms it has, what a
// query asks for, and where in the text that stands. It knows no index: a
// store keeps the terms, and asks for them as they are here.
//
// A text is normalized (NFKC), its case folded, and the accents of Latin,
// Greek, Cyrillic, Hebrew and Arabic letters are removed. A term is then
//
//   - a word: letters and digits in a row, of scripts that put spaces between
//     words;
//   - two characters in a row, each pair overlapping the next, of scripts that
//     do not (Chinese, Japanese, Thai ...) or whose words grow endings
//     (Korean); the last character of such a run is a term by itself, so that
//     every character begins exactly one;
//   - one emoji or other symbol.
//
// Punctuation only separates. Terms stand in order, and a query's word of
// several terms ("don't", "natter.js", "握手过程") is found where all of them
// follow each other.
package search
