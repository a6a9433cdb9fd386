package natterctl

import (
	"bytes"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/natterctl/command"
)

// destructive are the commands that ask before they begin.
var destructive = [][]string{
	{"room", "delete", "lobby"}, {"message", "delete", "lobby", "7"}, {"user", "erase", "ana"},
	{"gateway", "drain", "gw-1"}, {"store", "accept-gap", "--partition", "1", "--from", "1", "--to", "2"},
	{"webhook", "delete", "k3x9"}, {"webhook", "update", "k3x9", "--enable", "--accept-gap"},
	{"room", "retention", "lobby", "--count", "10"}, {"room", "retention", "lobby", "--age", "90d"}, {"room", "retention", "lobby", "--inherit"},
}

// TestWhatDestroysAsks: without a terminal it refuses, and at one it takes yes
// alone.
func TestWhatDestroysAsks(t *testing.T) {
	(&fixture{}).serve(t)
	if r := natterctl(t, "room", "retention", "lobby", "--forever"); r.exit != 0 {
		t.Errorf("what keeps all asks: exit %d, %s", r.exit, r.stderr)
	}
	for _, args := range destructive {
		name := strings.Join(args[:2], " ")
		if r := natterctlReading(t, "yes\n", args...); r.exit != 1 || !strings.Contains(r.stderr, "repeat with --yes.") {
			t.Errorf("%s without a terminal: exit %d, %s", name, r.exit, r.stderr)
		}
		for answer, done := range map[string]bool{"no\n": false, "\n": false, "": false, "y\n": false, "yes\n": true} {
			var stdout, stderr bytes.Buffer
			exit := Main(t.Context(), args, command.Env{Stdin: strings.NewReader(answer), Stdout: &stdout, Stderr: &stderr, Interactive: true})
			asked := strings.Contains(stderr.String(), "Type yes to go on: ")
			refused := strings.Contains(stderr.String(), "nothing was done: that was not yes")
			if !asked || refused == done || !done && exit != command.ExitRefused {
				t.Errorf("%s, told %q: exit %d, %s", name, answer, exit, stderr.String())
			}
		}
		if r := natterctl(t, append(args, "--yes")...); strings.Contains(r.stderr, "Type yes") || strings.Contains(r.stderr, "--yes") {
			t.Errorf("%s --yes asks: %s", name, r.stderr)
		}
	}
}
