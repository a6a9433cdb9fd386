package search

import "unicode"

// class is what a rune is to the terms of a text.
type class int

const (
	gap     class = iota // ends a term
	letter               // part of a word
	dense                // a character of a script that is found by pairs
	symbol               // a term by itself
	mark                 // belongs to the character before it
	nothing              // as if it were not there
)

// together are scripts without spaces between words, and Hangul, whose words
// carry endings.
var together = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Javanese, unicode.Balinese, unicode.New_Tai_Lue, unicode.Tai_Tham, unicode.Tai_Le,
}

const (
	zeroWidthSpace = '\u200b' // unlike the other format characters it separates
	tatweel        = '\u0640' // stretches Arabic words
	joiner         = '\u034f' // the combining grapheme joiner
	replacement    = unicode.ReplacementChar
)

// classOf is about runes of folded texts.
func classOf(r rune) class {
	if r < 0x80 {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return letter
		}
		return gap
	}
	switch {
	case settled(r) && unicode.IsLetter(r): // with ー, which is of no script
		return dense
	case r == zeroWidthSpace, r == replacement:
		return gap
	case r == tatweel, r == joiner, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), 0x1F3FB <= r && r <= 0x1F3FF: // the last: skin tones
		return nothing
	case unicode.IsMark(r):
		return mark
	case unicode.IsLetter(r), unicode.Is(unicode.Nl, r):
		if unicode.In(r, together...) {
			return dense
		}
		return letter
	case unicode.IsNumber(r):
		return letter
	case unicode.Is(unicode.So, r):
		return symbol
	}
	return gap
}
