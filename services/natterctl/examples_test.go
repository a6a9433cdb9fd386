package natterctl

import (
	"bytes"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/natterctl/command"
)

// TestEveryCommandHasExamples, --help shows them, and they are right.
func TestEveryCommandHasExamples(t *testing.T) {
	var c cli
	parser, err := c.parser(command.Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, leaf := range parser.Model.Leaves(true) {
		path := pathOf(leaf)
		known[path] = true
		if len(examples[path]) == 0 {
			t.Errorf("%s has no example", path)
		}
		r := natterctl(t, append(strings.Fields(path), "--help")...)
		if r.exit != 0 || !strings.Contains(r.stdout, "Examples:") || !strings.Contains(r.stdout, "natterctl "+examples[path][0]) {
			t.Errorf("%s --help: exit %d, %s", path, r.exit, r.stdout)
		}
	}
	for path, lines := range examples {
		if !known[path] {
			t.Errorf("there is no command %s", path)
		}
		for _, line := range lines {
			var c cli
			parser, err := c.parser(command.Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			chosen, err := parser.Parse(words(line))
			if err != nil {
				t.Errorf("%s: %v", line, err)
			} else if got := pathOf(chosen.Selected()); got != path {
				t.Errorf("%s is an example of %s, and runs %s", line, path, got)
			}
		}
	}
}

// words are those of a line as a shell splits it.
func words(line string) []string {
	var list []string
	var word strings.Builder
	quoted, begun := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, begun = !quoted, true
		case r == ' ' && !quoted:
			if begun {
				list = append(list, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		list = append(list, word.String())
	}
	return list
}

// TestOldNames: what was called by the plural still is.
func TestOldNames(t *testing.T) {
	for _, line := range []string{"rooms list", "messages list lobby", "users revoke ana", "sessions list", "members list lobby"} {
		var c cli
		parser, err := c.parser(command.Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(strings.Fields(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
