package search

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a query.
const (
	// MaxBytes of a query as it is written.
	MaxBytes = 1 << 10
	// MaxWords in a query. What stands without spaces in a dense script is one.
	MaxWords = 50
	// MinPrefix is how many letters or digits stand before a *: the index has to
	// read all words that begin with them.
	MinPrefix = 3
)

// ErrNothing says that a query has no word to look for.
var ErrNothing = errors.New("query holds no letter, digit or emoji to search for")

// ErrShortPrefix says that a * stands for too much.
var ErrShortPrefix = fmt.Errorf("query has a * with fewer than %d letters or digits before it; write more of the word, or leave the * out", MinPrefix)

// TooLargeError says which bound a query exceeds.
type TooLargeError struct {
	Have, Most int
	Unit       string
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("query has %d %s; at most %d are searched for", e.Have, e.Unit, e.Most)
}

// Query is what to find: all of its phrases.
type Query struct {
	Phrases []Phrase
}

// Phrase is terms that follow each other.
type Phrase struct {
	// Terms is not empty.
	Terms []string
	// Prefix: the last one need only be the beginning of a term.
	Prefix bool
}

// Parse reads a query. Words stand between spaces, and all have to be in a
// text, in any order; what stands in double quotes has to be there as it is; a
// * at the end of a word or phrase stands for any ending of its last word, of
// which at least MinPrefix letters or digits stand before it.
// Nothing else has a meaning: other punctuation separates. A quote that is not
// closed goes on to the end.
func Parse(text string) (Query, error) {
	if len(text) > MaxBytes {
		return Query{}, &TooLargeError{len(text), MaxBytes, "bytes"}
	}
	var q Query
	words, short := 0, false
	for _, part := range parts(text) {
		phrase, n := phraseOf(part.text, part.star)
		short = short || n > 0 && part.star && phrase.short()
		words += n
		if n > 0 && !slices.ContainsFunc(q.Phrases, phrase.equal) {
			q.Phrases = append(q.Phrases, phrase)
		}
	}
	switch {
	case len(q.Phrases) == 0:
		return Query{}, ErrNothing
	case words > MaxWords:
		return Query{}, &TooLargeError{words, MaxWords, "words"}
	case short:
		return Query{}, ErrShortPrefix
	}
	return q, nil
}

// short tells of a word's beginning that is too short to look for.
func (p Phrase) short() bool {
	last := p.Terms[len(p.Terms)-1]
	first, _ := utf8.DecodeRuneInString(last)
	return p.Prefix && classOf(first) == letter && utf8.RuneCountInString(last) < MinPrefix
}

func (p Phrase) equal(other Phrase) bool {
	return p.Prefix == other.Prefix && slices.Equal(p.Terms, other.Terms)
}

// part is a word or a quoted phrase, and whether a star ends it.
type part struct {
	text string
	star bool
}

func isQuote(r rune) bool { return strings.ContainsRune("\"“”„‟＂", r) }
func isStar(r rune) bool  { return r == '*' || r == '＊' }

// parts takes a query apart at spaces and quotes.
func parts(text string) []part {
	var list []part
	begin, quoted := 0, false
	add := func(end int, star bool) {
		if text := strings.TrimRightFunc(text[begin:end], unicode.IsSpace); text != "" {
			trimmed := strings.TrimRightFunc(text, isStar)
			list = append(list, part{trimmed, star || trimmed != text})
		}
	}
	for i, r := range text {
		width := len(string(r))
		switch {
		case isQuote(r):
			add(i, quoted && startsWith(text[i+width:], isStar))
			begin, quoted = i+width, !quoted
		case unicode.IsSpace(r) && !quoted:
			add(i, false)
			begin = i + width
		}
	}
	add(len(text), false)
	return list
}

func startsWith(s string, is func(rune) bool) bool {
	for _, r := range s {
		return is(r)
	}
	return false
}

// phraseOf is the terms of a part, and how many words they are.
func phraseOf(text string, star bool) (Phrase, int) {
	terms := Terms(text)
	if len(terms) == 0 {
		return Phrase{}, 0
	}
	end := terms[len(terms)-1]
	p := Phrase{Prefix: star}
	if end.last {
		// Anything may follow the last character: a pair says so by itself, one
		// character as the beginning of a pair.
		p.Prefix = true
		if before := len(terms) - 2; before >= 0 && terms[before].pair {
			terms, p.Prefix = terms[:before+1], false
		}
	}
	words := 0
	for _, t := range terms {
		p.Terms = append(p.Terms, t.Text)
		if !t.pair {
			words++
		}
	}
	if terms[len(terms)-1].pair {
		words++
	}
	return p, words
}
