package search

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// folded is a rune of a folded text, and the bytes of the text it came from.
type folded struct {
	r          rune
	start, end int
}

// folder folds texts. Not safe for concurrent use.
type folder struct {
	fold    cases.Caser
	scratch []byte
}

func newFolder() *folder { return &folder{fold: cases.Fold()} }

// each calls visit with the runes of the folded text, in order.
func (f *folder) each(text string, visit func(folded)) {
	for i := 0; i < len(text); {
		if b := text[i]; b < utf8.RuneSelf && (i+1 == len(text) || text[i+1] < utf8.RuneSelf) {
			visit(folded{lower(b), i, i + 1})
			i++
			continue
		}
		n := max(norm.NFKC.NextBoundaryInString(text[i:], true), 1)
		f.segment(text[i:i+n], func(r rune) { visit(folded{r, i, i + n}) })
		i += n
	}
}

func lower(b byte) rune {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return rune(b)
}

// segment folds what normalization takes together: a letter and its marks.
func (f *folder) segment(s string, visit func(rune)) {
	f.scratch = norm.NFKC.AppendString(f.scratch[:0], s)
	if r, n := utf8.DecodeRune(f.scratch); n == len(f.scratch) && settled(r) {
		visit(r)
		return
	}
	// What folds may need folding again: a letter that only its accents kept
	// from it, or a form that normalization makes of what is left.
	out := string(f.scratch)
	for range 4 {
		next := norm.NFKC.String(plain(norm.NFD.String(f.fold.String(out))))
		if next == out {
			break
		}
		out = next
	}
	for _, r := range out {
		visit(r)
	}
}

// settled tells of runes, normalized, that fold to themselves: most of what
// people write in Chinese, Japanese and Korean.
func settled(r rune) bool {
	return 0x3041 <= r && r <= 0x30FF || 0x4E00 <= r && r <= 0x9FFF || 0xAC00 <= r && r <= 0xD7A3
}

// plain takes the accents off a decomposed text. In scripts where marks are
// vowels, or make another letter, they stay.
func plain(s string) string {
	out := make([]rune, 0, len(s))
	bare, cyrillic := false, false
	for _, r := range s {
		if unicode.Is(unicode.Mn, r) {
			if !bare || cyrillic && r == breve {
				out = append(out, r)
			}
			continue
		}
		cyrillic = unicode.Is(unicode.Cyrillic, r)
		bare = cyrillic || unicode.In(r, unicode.Latin, unicode.Greek, unicode.Hebrew, unicode.Arabic)
		if letters := undecomposed(r); letters != "" {
			out = append(out, []rune(letters)...)
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

// breve makes the Cyrillic letters й and ў, which are no accented ones.
const breve = '\u0306'

// undecomposed is how people type a Latin letter that Unicode does not take
// apart; empty for all others.
func undecomposed(r rune) string {
	switch r {
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'ħ':
		return "h"
	case 'ŧ':
		return "t"
	case 'ı':
		return "i"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'þ':
		return "th"
	}
	return ""
}
