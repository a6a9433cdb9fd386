package command

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// Table collects lines of cells. Every cell is made safe to show: what users
// wrote cannot move the cursor or feign another line.
type Table struct{ text strings.Builder }

func newTable() *Table { return &Table{} }

// Row adds a line.
func (t *Table) Row(cells ...any) {
	for i, cell := range cells {
		if i > 0 {
			t.text.WriteByte('\t')
		}
		t.text.WriteString(printable(cell))
	}
	t.text.WriteByte('\n')
}

func (t *Table) write(w io.Writer) error {
	aligned := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.StripEscape)
	if _, err := io.WriteString(aligned, t.text.String()); err != nil {
		return err
	}
	return aligned.Flush()
}

// printable is the cell on one line, with a dash for nothing.
func printable(cell any) string {
	text := Clean(fmt.Sprint(cell))
	if text == "" {
		return "-"
	}
	return text
}

// Clean makes text of users safe to show on a terminal: line breaks and tabs
// become spaces, whatever else does not print becomes its Go escape.
func Clean(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(fmt.Sprintf("%+q", r), "'"))
		}
	}
	return b.String()
}

// Time is a moment as tables show it, in UTC.
func Time(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().UTC().Format(time.DateTime) + "Z"
}

// TimeMS is a moment given in Unix milliseconds.
func TimeMS(ms int64) string { return Time(timestamppb.New(time.UnixMilli(ms))) }

// YesNo is how tables show what is so or not.
func YesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
