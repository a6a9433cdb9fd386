package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// broughtUp has the room that make up makes.
func broughtUp(t *testing.T) *shape.Deployment {
	d := alone(t, shape.Split(), append(withoutLimits(), allowHooks)...)
	mustNatterctl(t, d, "rooms", "create", "--id", "lobby", "--if-missing", "Lobby")
	return d
}

// TestRestoreIntoAStackJustBroughtUp: its empty lobby stays beside what a backup
// without one has; beside a backup's own lobby nothing is restored, and the next
// step is named. Without the lobby it is restored.
func TestRestoreIntoAStackJustBroughtUp(t *testing.T) {
	t.Parallel()
	from := alone(t, shape.Split(), append(withoutLimits(), allowHooks)...)
	dir := t.TempDir()
	without, with := filepath.Join(dir, "without"), filepath.Join(dir, "with")
	ana := enter(t, from, 0, "ana")
	ana.create("kitchen", nil)
	ana.send("kitchen", "in the kitchen")
	mustNatterctl(t, from, "backup", without)
	mustNatterctl(t, from, "rooms", "create", "--id", "lobby", "--if-missing", "Lobby")
	ana.view("join", M{"room": "lobby"})
	ana.send("lobby", "in the lobby")
	mustNatterctl(t, from, "backup", with)

	up := broughtUp(t)
	out, err := natterctl(t, up, "restore", with)
	if err == nil || !strings.Contains(out, "its room lobby is another one") || !strings.Contains(out, "make up ROOM=") {
		t.Errorf("a backup's lobby beside the stack's: %v, %s", err, out)
	}
	bo := enter(t, up, 0, "bo")
	if reply := bo.do("rooms", M{"query": "kitchen"}); len(reply.RoomList.Rooms) != 0 {
		t.Errorf("a refused restore left %s", reply)
	}
	for range 2 { // again, it changes nothing
		if out := mustNatterctl(t, up, "restore", without); !strings.Contains(out, "lobby is not in the backup, and stays") {
			t.Errorf("nothing is said of the stack's lobby: %s", out)
		}
	}
	there := enter(t, up, 0, "ana")
	if page := there.page(M{"room": "kitchen"}); len(page.Messages) != 1 || page.Messages[0].Text != "in the kitchen" {
		t.Errorf("the kitchen has %+v", page.Messages)
	}
	there.view("join", M{"room": "lobby"})
	there.page(M{"room": "lobby"}) // which waits for the store
	if out, err := natterctl(t, up, "restore", without); err == nil || !strings.Contains(out, "it has the room lobby, which is not in the backup") {
		t.Errorf("a lobby that is used: %v, %s", err, out)
	}

	bare := alone(t, shape.Split(), withoutLimits()...)
	mustNatterctl(t, bare, "restore", with)
	if page := enter(t, bare, 0, "ana").page(M{"room": "lobby"}); len(page.Messages) != 1 || page.Messages[0].Text != "in the lobby" {
		t.Errorf("the lobby has %+v", page.Messages)
	}
}

// TestABackupHoldsWebhooks: restored, a webhook has its id and its secret, tells
// nobody anything until it is enabled, and then what happened since.
func TestABackupHoldsWebhooks(t *testing.T) {
	t.Parallel()
	receiver := newHookReceiver(t)
	from := alone(t, shape.Split(), append(withoutLimits(), allowHooks)...)
	ana := enter(t, from, 0, "ana")
	ana.create("told", nil)
	id := receiver.hook(t, from, "told")
	ana.send("told", "before the backup")
	natstest.Eventually(t, hookPatience, "the webhook is told", func() bool { return receiver.text("told/before the backup") })
	backup := filepath.Join(t.TempDir(), "backup")
	mustNatterctl(t, from, "backup", backup)
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a backup has the secrets of webhooks, and is %v, %v", info.Mode(), err)
	}
	mustNatterctl(t, from, "webhook", "delete", id, "--yes")

	up := broughtUp(t)
	mustNatterctl(t, up, "restore", backup)
	mustNatterctl(t, up, "restore", backup) // again, it changes nothing
	told := receiver.count()
	there := enter(t, up, 0, "ana")
	there.send("told", "after the restore")
	if out := mustNatterctl(t, up, "webhook", "get", id); !strings.Contains(out, "it comes from a backup") || !strings.Contains(out, receiver.url) {
		t.Errorf("the restored webhook is\n%s", out)
	}
	if n := receiver.count(); n != told {
		t.Errorf("the webhook of a copy was told %d times", n-told)
	}
	mustNatterctl(t, up, "webhook", "update", id, "--enable")
	there.send("told", "after it was enabled")
	natstest.Eventually(t, hookPatience, "the webhook is told again", func() bool {
		return receiver.text("told/after the restore") && receiver.text("told/after it was enabled")
	})
	receiver.check(t, "told")
}

// text tells whether a message has come, by room and text.
func (r *hookReceiver) text(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.texts[key] != ""
}

// count is how many deliveries have come.
func (r *hookReceiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}
