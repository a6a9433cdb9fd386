// Package viewer makes a page of a history: a self-contained HTML file with time
// from left to right, a row for each device and room, faults as bands, and what
// the checker found.
package viewer

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"os"

	"github.com/natter-chat/natter/services/e2e/chaos/checker"
	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

//go:embed page.html
var page string

// Write makes the page of a history's file.
func Write(file, to string) (err error) {
	entries, err := history.Load(file)
	if err != nil {
		return err
	}
	found, err := checker.Check(entries)
	if err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return Render(out, entries, found)
}

// Render writes the page of a history, with what was found in it.
func Render(w io.Writer, entries []history.Entry, found []checker.Violation) error {
	t, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	data, err := json.Marshal(picture(entries, found)) // which escapes <, > and &
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	if err := t.Execute(out, map[string]any{"Data": template.JS(data)}); err != nil {
		return err
	}
	return out.Flush()
}
