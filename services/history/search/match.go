package search

import (
	"cmp"
	"slices"
	"strings"
)

// span is where a phrase stands in a text, in bytes.
type span struct {
	start, end int
	phrase     int
}

// spans are all places of a query's phrases in a text, by where they begin.
// found is false if one of them is nowhere.
func spans(terms []Term, q Query) (list []span, found bool) {
	for i, p := range q.Phrases {
		before := len(list)
		for at := 0; at+len(p.Terms) <= len(terms); at++ {
			if end, ok := p.at(terms[at:]); ok {
				list = append(list, span{terms[at].Start, end, i})
			}
		}
		if len(list) == before {
			return nil, false
		}
	}
	slices.SortFunc(list, func(a, b span) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	return list, true
}

// at tells whether terms begin with the phrase, and where it ends.
func (p Phrase) at(terms []Term) (end int, ok bool) {
	last := len(p.Terms) - 1
	for i, want := range p.Terms[:last] {
		if terms[i].Text != want {
			return 0, false
		}
	}
	t := terms[last]
	switch {
	case t.Text == p.Terms[last]:
		return t.End, true
	case p.Prefix && strings.HasPrefix(t.Text, p.Terms[last]):
		return t.First, true
	}
	return 0, false
}

// Matches tells whether a text holds all that the query asks for: what an index
// over Terms must answer.
func (q Query) Matches(text string) bool {
	_, ok := spans(Terms(text), q)
	return ok
}
