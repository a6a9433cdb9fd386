//go:build e2e

package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os/exec"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

// TestForeignClients: WebSocket clients that others wrote speak the protocol
// as it is documented: Python's websockets, and the one in Node.
func TestForeignClients(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		for name, command := range map[string][]string{
			"python": {"/usr/bin/python3", "foreign/chat.py"}, // Debian's, which has python3-websockets
			"node":   {"node", "--experimental-websocket", "--no-warnings", "foreign/chat.mjs"},
		} {
			t.Run(name, func(t *testing.T) { converse(t, d, command) })
		}
	})
}

// converse has the foreign client in one room with one of ours.
func converse(t *testing.T, d *shape.Deployment, command []string) {
	ana := enter(t, d, 0, unique(t, "ana"))
	room := ana.create(unique(t, "room"), nil).Room
	f := launch(t, command, M{
		"gateways": []string{gateway(d, 0), gateway(d, 1)}, "room": room,
		"token":    token.For(unique(t, "foreign"), "Foreign").Sign(d.JWTSecret),
		"badToken": token.For("somebody", "Somebody").Sign("another secret altogether"),
	})
	f.says("sent")
	text := ana.await("the foreign message", 0, func(f client.Frame) bool { return f.Event != nil && f.Event.Message != nil }).Event.Message.Text
	if text != "hello from outside" {
		t.Errorf("the foreign client said %q", text)
	}
	ana.send(room, "hello from inside")
	f.says("heard")
	f.says("dropped")
	ana.send(room, "while you were away")
	f.goOn()
	f.says("resumed")
	f.says("done")
	f.ends()
}

// foreigner is a running client that somebody else wrote.
type foreigner struct {
	t       *testing.T
	command *exec.Cmd
	stdin   io.Writer
	lines   *bufio.Scanner
	stderr  bytes.Buffer
}

func launch(t *testing.T, command []string, setting M) *foreigner {
	t.Helper()
	argument, err := json.Marshal(setting)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*client.Patience)
	t.Cleanup(cancel)
	f := &foreigner{t: t, command: exec.CommandContext(ctx, command[0], append(command[1:], string(argument))...)}
	f.command.Stderr = &f.stderr
	if f.stdin, err = f.command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := f.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	f.lines = bufio.NewScanner(stdout)
	if err := f.command.Start(); err != nil {
		t.Fatalf("%v; it needs the packages python3-websockets and nodejs", err)
	}
	return f
}

func (f *foreigner) says(word string) {
	f.t.Helper()
	if f.lines.Scan() && f.lines.Text() == word {
		return
	}
	said := f.lines.Text()
	err := f.command.Wait() // so that stderr is whole
	f.t.Fatalf("%q was said, not %q; it ended with %v:\n%s", said, word, err, &f.stderr)
}

func (f *foreigner) goOn() {
	f.t.Helper()
	if _, err := io.WriteString(f.stdin, "go on\n"); err != nil {
		f.t.Fatal(err)
	}
}

func (f *foreigner) ends() {
	f.t.Helper()
	if err := f.command.Wait(); err != nil {
		f.t.Fatalf("%v:\n%s", err, &f.stderr)
	}
}
