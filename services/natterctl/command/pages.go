package command

import (
	"fmt"
	"io"
)

// maxPage is the most that a service tells at once.
const maxPage = 100

// List is how much of a list a command tells.
type List struct {
	Limit  int    `help:"Tell at most this many; 0: all." default:"50"`
	Cursor string `help:"Go on where the last answer ended." placeholder:"CURSOR"`
}

// Pages gathers pages until the limit is reached or the list ends, and names
// the cursor to go on with; empty at the end.
func Pages[T any](l List, fetch func(cursor string, limit uint32) (page []T, cursor2 string, err error)) ([]T, string, error) {
	var all []T
	cursor := l.Cursor
	for {
		want := maxPage
		if l.Limit > 0 {
			want = min(want, l.Limit-len(all))
		}
		page, following, err := fetch(cursor, uint32(want))
		if err != nil {
			return nil, "", err
		}
		all = append(all, page...)
		switch {
		case following == "" || l.Limit > 0 && len(all) >= l.Limit:
			return all, following, nil
		case following == cursor:
			return nil, "", fmt.Errorf("the server's list does not go on after %q", cursor)
		}
		cursor = following
	}
}

// Validate is called by the parser.
func (l List) Validate() error {
	if l.Limit < 0 {
		return fmt.Errorf("--limit: %d is below zero", l.Limit)
	}
	return nil
}

// More tells how to go on, if there is more.
func More(w io.Writer, cursor string) {
	if cursor != "" {
		fmt.Fprintf(w, "There is more: repeat with --cursor %q\n", cursor)
	}
}
