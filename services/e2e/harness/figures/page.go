package figures

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// section of a page, of which the first line names the file of results.
var section = regexp.MustCompile(`(?s)<!-- split: (\S+) -->\n.*?<!-- /split -->`)

// Source is the file of results that a page says it shows.
func Source(page string) (string, error) {
	found := section.FindStringSubmatch(page)
	if found == nil {
		return "", errors.New("the page has no section of the split shape")
	}
	return found[1], nil
}

// Fill puts the table, and what was run, into a page. file is the source that
// it then names.
func (r *Results) Fill(page, file string) (string, error) {
	if _, err := Source(page); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- split: %s -->\n", file)
	fmt.Fprintf(&b, "From [%s](%s), %d runs", file, file, len(r.Runs))
	commit := ""
	for _, run := range r.Runs {
		if run.Commit != commit {
			commit = run.Commit
			fmt.Fprintf(&b, "; at `%s`, under a load of", commit)
		}
		fmt.Fprintf(&b, " %s (%s)", run.Load, run.Date)
	}
	fmt.Fprintf(&b, ".\n\n%s<!-- /split -->", r.Table())
	return section.ReplaceAllLiteralString(page, b.String()), nil
}
