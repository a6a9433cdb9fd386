package search

import (
	"slices"
	"unicode/utf8"
)

// Term is one thing by which a text is found. It holds letters, digits, marks
// and symbols only: no space, no control character, no private-use character
// and no ASCII punctuation.
type Term struct {
	Text string
	// Start and End are the bytes of the text that it stands for; First is the
	// end of its first character.
	Start, First, End int
	// pair: two characters of a dense script; last: the one at the end of a run.
	pair, last bool
}

// maxTerm bounds a term, in runes; a longer word is known by its beginning.
const maxTerm = 64

// Terms are those of a text, in order. Safe for concurrent use.
func Terms(text string) []Term {
	s := &splitter{}
	newFolder().each(text, s.rune)
	s.flush()
	return s.terms
}

// AppendTerms appends the terms of a text to dst, in order, each after a space.
// Of a text in ASCII it makes no [Term]. Safe for concurrent use.
func AppendTerms(dst []byte, text string) []byte {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			for _, t := range Terms(text) {
				dst = append(append(dst, ' '), t.Text...)
			}
			return dst
		}
	}
	length := 0 // of the word under way
	for i := range len(text) {
		r := lower(text[i])
		switch {
		case classOf(r) != letter:
			length = 0
		case length < maxTerm:
			if length == 0 {
				dst = append(dst, ' ')
			}
			dst = append(dst, byte(r))
			length++
		}
	}
	return dst
}

// splitter makes terms of a folded text.
type splitter struct {
	terms []Term
	word  []byte // the word under way
	runes int    // in it
	from  int    // where it began
	to    int    // where it ended
	run   []unit // the characters of a dense run under way
}

// unit is a character of a dense script with its marks.
type unit struct {
	text       string
	start, end int
}

func (s *splitter) rune(f folded) {
	switch classOf(f.r) {
	case letter:
		s.endRun()
		if len(s.word) == 0 {
			s.from, s.runes = f.start, 0
		}
		s.grow(f)
	case dense:
		s.endWord()
		s.run = append(s.run, unit{string(f.r), f.start, f.end})
	case symbol:
		s.flush()
		s.terms = append(s.terms, Term{Text: string(f.r), Start: f.start, First: f.end, End: f.end})
	case mark:
		switch {
		case len(s.word) > 0:
			s.grow(f)
		case len(s.run) > 0:
			if u := &s.run[len(s.run)-1]; len(u.text) < maxTerm {
				u.text, u.end = u.text+string(f.r), f.end
			}
		}
	case gap:
		s.flush()
	}
}

func (s *splitter) grow(f folded) {
	s.to = f.end
	if s.runes++; s.runes <= maxTerm {
		s.word = utf8.AppendRune(s.word, f.r)
	}
}

func (s *splitter) flush() {
	s.endWord()
	s.endRun()
}

func (s *splitter) endWord() {
	if len(s.word) > 0 {
		s.terms = append(s.terms, Term{Text: string(s.word), Start: s.from, First: s.to, End: s.to})
		s.word = s.word[:0]
	}
}

func (s *splitter) endRun() {
	if len(s.run) == 0 {
		return
	}
	s.terms = slices.Grow(s.terms, len(s.run))
	for i, u := range s.run[:len(s.run)-1] {
		next := s.run[i+1]
		s.terms = append(s.terms, Term{Text: u.text + next.text, Start: u.start, First: u.end, End: next.end, pair: true})
	}
	u := s.run[len(s.run)-1]
	s.terms = append(s.terms, Term{Text: u.text, Start: u.start, First: u.end, End: u.end, last: true})
	s.run = s.run[:0]
}
