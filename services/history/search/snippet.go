package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Snippet is a stretch of a text, and where in it the query's words stand.
type Snippet struct {
	// Text is as it was written; a whole text if it is short.
	Text string
	// Marks are in order and do not touch each other.
	Marks []Range
}

// Range is a stretch of a text in UTF-16 code units, as browsers count.
type Range struct {
	Start, End uint32
}

const (
	// snippetRunes is about how long a snippet is.
	snippetRunes = 160
	// leadRunes is about how much of it stands before the first mark.
	leadRunes = 40
)

// Snippet is the stretch of a text that shows most of the query, the first of
// equals; the beginning, without marks, where the text has nothing of it.
// Neither its ends nor its marks split what people see as one character.
func (q Query) Snippet(text string) Snippet {
	list, _ := spans(Terms(text), q)
	edges := edgesOf(text)
	for i := range list {
		list[i].start, list[i].end = edges.down(list[i].start), edges.up(list[i].end)
	}
	from, to := window(text, list, len(q.Phrases))
	from, to = edges.down(from), edges.up(to)
	return cut(text, from, to, list)
}

// window is the bytes to show.
func window(text string, list []span, phrases int) (from, to int) {
	if utf8.RuneCountInString(text) <= snippetRunes {
		return 0, len(text)
	}
	if len(list) == 0 {
		return 0, forward(text, 0, snippetRunes)
	}
	first := best(text, list, phrases)
	from = atWord(text, back(text, list[first].start, leadRunes), list[first].start)
	return from, max(forward(text, from, snippetRunes), list[first].end)
}

// best is the span at which a window should begin: the one with most of the
// phrases in what follows.
func best(text string, list []span, phrases int) int {
	best, most := 0, 0
	for i, s := range list {
		end := forward(text, s.start, snippetRunes-leadRunes)
		seen := map[int]bool{}
		for _, other := range list[i:] {
			if other.end > end {
				break
			}
			seen[other.phrase] = true
		}
		if len(seen) > most {
			best, most = i, len(seen)
		}
		if most == phrases {
			break
		}
	}
	return best
}

// forward is n runes after i, at most the end.
func forward(text string, i, n int) int {
	for ; n > 0 && i < len(text); n-- {
		_, width := utf8.DecodeRuneInString(text[i:])
		i += width
	}
	return i
}

// back is n runes before i, at least the beginning.
func back(text string, i, n int) int {
	for ; n > 0 && i > 0; n-- {
		_, width := utf8.DecodeLastRuneInString(text[:i])
		i -= width
	}
	return i
}

// atWord moves the beginning of a window behind the next space, if there is one
// before the mark.
func atWord(text string, from, mark int) int {
	if from == 0 {
		return 0
	}
	if i := strings.IndexFunc(text[from:mark], unicode.IsSpace); i >= 0 {
		return mark - len(strings.TrimLeftFunc(text[from+i:mark], unicode.IsSpace))
	}
	return from
}

// cut makes the snippet of [from, to).
func cut(text string, from, to int, list []span) Snippet {
	out := Snippet{Text: text[from:to]}
	at, units := from, uint32(0)
	offset := func(i int) uint32 {
		for _, r := range text[at:i] {
			units += uint32(max(1, utf16Len(r)))
		}
		at = i
		return units
	}
	for i := 0; i < len(list); i++ {
		s := list[i]
		if s.start < from || s.end > to {
			continue
		}
		for i+1 < len(list) && list[i+1].start <= s.end && list[i+1].end <= to {
			i++
			s.end = max(s.end, list[i].end)
		}
		out.Marks = append(out.Marks, Range{offset(s.start), offset(s.end)})
	}
	return out
}

func utf16Len(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// edges are the places in a text, in bytes and in order, between what people
// see as characters; nil: everywhere.
type edges []int

func edgesOf(text string) edges {
	if !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf || r == '\r' }) {
		return nil
	}
	list := edges{0}
	state, rest := -1, text
	for rest != "" {
		_, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		list = append(list, len(text)-len(rest))
	}
	return list
}

// down is the last edge that is not after i.
func (e edges) down(i int) int {
	at, there := slices.BinarySearch(e, i)
	if e == nil || there {
		return i
	}
	return e[at-1]
}

// up is the first edge that is not before i.
func (e edges) up(i int) int {
	at, there := slices.BinarySearch(e, i)
	if e == nil || there {
		return i
	}
	return e[at]
}
