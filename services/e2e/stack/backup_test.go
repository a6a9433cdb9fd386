//go:build e2e

package stack_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/compose"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

// testBackup walks through what the guide says of it: all that the stack holds
// by now, into a file, and from there into a fresh one, which then has the same
// and lives on.
func testBackup(t *testing.T) {
	dir := t.TempDir()
	fresh, err := project(filepath.Join(dir, "fresh"), "natter-e2e-fresh", "10.213.75.0/24")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(keepLogs(fresh, "fresh"))
		}
		if err := fresh.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if _, err := beginEmpty(t.Context(), fresh); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "natterctl")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../natterctl/cmd/natterctl").CombinedOutput(); err != nil {
		t.Fatalf("build natterctl: %v\n%s", err, out)
	}
	natterctl := func(p *compose.Project, args ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), program, args...)
		secret, err := p.Secret("admin-token")
		if err != nil {
			t.Fatal(err)
		}
		command.Env = append(os.Environ(), "NATTER_GRPC_ADDR="+p.GRPC(), "NATTER_ADMIN_TOKEN="+secret)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("natterctl %s: %v\n%s", args, err, out)
		}
	}
	const text = "before the backup"
	ana := comeIn(t, plain)
	if reply, err := ana.Do(t.Context(), "createRoom", client.M{"room": "kept", "name": "Kept", "kind": "PUBLIC"}); err != nil || reply.Room == nil {
		t.Fatalf("create a room: %s (%v)", reply, err)
	}
	say(t, ana, text)

	backup, again := filepath.Join(dir, "natter.backup"), filepath.Join(dir, "again.backup")
	natterctl(plain, "backup", backup)
	for range 2 { // again, it changes nothing
		natterctl(fresh, "restore", backup)
	}
	natterctl(fresh, "backup", again)
	was, is := past(t, backup), past(t, again)
	if !slices.Equal(was, is) {
		t.Errorf("%d lines were backed up, and %d are there, or others", len(was), len(is))
	}
	if !slices.ContainsFunc(is, func(line string) bool { return strings.Contains(line, text) }) {
		t.Errorf("what was said before the backup is not among the %d lines that were restored", len(is))
	}
	t.Logf("%d events and marks are the same in another stack", len(is))
	say(t, comeIn(t, fresh), "after the restore")
}

// comeIn is ana, at a stack's door.
func comeIn(t *testing.T, p *compose.Project) *client.Client {
	t.Helper()
	secret, err := p.Secret("jwt-secret")
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), p.Web(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := c.Hello(t.Context(), client.M{"token": token.For("ana", "Ana").Sign(secret)}); err != nil {
		t.Fatal(err)
	}
	return c
}

// say is a message that is acked.
func say(t *testing.T, c *client.Client, text string) {
	t.Helper()
	reply, err := c.Do(t.Context(), "send", client.M{"room": "kept", "clientMsgId": strings.ReplaceAll(text, " ", "-"), "text": text, "attempt": 1})
	if err != nil || reply.Ack == nil {
		t.Fatalf("send: %s (%v)", reply, err)
	}
}

// past is what a backup holds of what happened: its lines that do not differ from
// one backup to the next.
func past(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	var all []string
	lines := bufio.NewScanner(content)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		if line := lines.Text(); strings.HasPrefix(line, `{"event":`) || strings.HasPrefix(line, `{"mark":`) {
			all = append(all, line)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
