package e2e_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// aside is the room that a standalone program makes at its start: one that is
// in no backup.
const aside = "NATTER_DEFAULT_ROOM=aside"

// pastOf is a backup without the lines that differ from one to the next.
func pastOf(content []byte) string {
	var lines []string
	for _, line := range strings.Split(string(content), "\n") {
		if (strings.HasPrefix(line, `{"event":`) || strings.HasPrefix(line, `{"mark":`)) && !strings.Contains(line, `"room":"aside"`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// restores: what was written while people wrote comes back in another
// deployment with all that was acked before, and is refused where it is damaged.
func restores(t *testing.T, from, to *shape.Deployment) {
	t.Helper()
	dir := t.TempDir()
	backup, again := filepath.Join(dir, "backup"), filepath.Join(dir, "again")
	for _, room := range []string{"one", "two"} {
		eventful(t, from, room)
	}
	ana := enter(t, from, 0, "ana")
	ana.create("busy", nil)
	ana.create("closed", nil)
	ana.ack("deleteRoom", M{"room": "closed"})
	stop, stopped := make(chan struct{}), make(chan struct{})
	acked := ana.send("busy", "before the backup").Seq
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := ana.Do(t.Context(), "send", ana.message("busy", "meanwhile")); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	revoked, err := operator(t, from).Users.Revoke(t.Context(), &historyv1.RevokeRequest{User: "mallory"})
	if err != nil {
		t.Fatal(err)
	}
	// What another deployment, or another time, has left is not gone on with.
	if err := os.WriteFile(backup+".part", []byte(`{"natter":{"format":"backup","version":3,"epoch":1}}`+"\n"+`{"event":{"room":"zz","seq":1}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustNatterctl(t, from, "backup", backup)
	if bytes.Contains(read(t, backup), []byte(`"zz"`)) {
		t.Error("a part of something else is in the backup")
	}
	close(stop)
	<-stopped

	damaged := bytes.Replace(read(t, backup), []byte("before the backup"), []byte("before the backuP"), 1)
	for what, content := range map[string][]byte{"checksum": damaged, "not whole": read(t, backup)[:1000]} {
		if err := os.WriteFile(backup+".bad", content, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := natterctl(t, to, "restore", backup+".bad"); err == nil || !strings.Contains(out, what) {
			t.Errorf("a backup that should be refused (%s): %v, %s", what, err, out)
		}
	}
	for range 2 { // again, it changes nothing
		mustNatterctl(t, to, "restore", backup)
	}
	mustNatterctl(t, to, "backup", again)
	if pastOf(read(t, backup)) != pastOf(read(t, again)) {
		t.Errorf("backed up\n%s\nand restored\n%s", read(t, backup), read(t, again))
	}
	if !strings.Contains(string(read(t, again)), "before the backup") {
		t.Error("what was acked before the backup is not in it")
	}
	// What holds only rises, so this changes nothing.
	holds, err := operator(t, to).Users.Revoke(t.Context(), &historyv1.RevokeRequest{User: "mallory", Before: timestamppb.New(time.UnixMilli(1))})
	if err != nil || !holds.GetBefore().AsTime().Equal(revoked.GetBefore().AsTime()) {
		t.Errorf("tokens that were void before %v are so before %v, %v", revoked.GetBefore().AsTime(), holds.GetBefore().AsTime(), err)
	}
	there := enter(t, to, 0, "ana")
	if view := there.live("busy"); view.Head < acked || there.Epoch() == ana.Epoch() {
		t.Errorf("restored is %+v, of epoch %s; before it was %s", view, there.Epoch(), ana.Epoch())
	}
	there.send("busy", "life goes on")
	there.refused("send", there.message("closed", "x"), "GONE", "")
}

// TestABackupIsRestored in each shape, into the other one.
func TestABackupIsRestored(t *testing.T) {
	shapes := shape.All()
	for i, s := range shapes {
		t.Run(s.Name, func(t *testing.T) {
			none := append(withoutLimits(), aside)
			restores(t, alone(t, s, none...), alone(t, shapes[(i+1)%len(shapes)], none...))
		})
	}
}

// TestABackupIsRestoredIntoAFreshStandalone: its default room is made when the
// first user comes, so the backup's own does not meet another one. A deployment in
// use is refused, whole, with the next step.
func TestABackupIsRestoredIntoAFreshStandalone(t *testing.T) {
	t.Parallel()
	from, fresh := alone(t, shape.Standalone(), withoutLimits()...), alone(t, shape.Standalone(), withoutLimits()...)
	backup := filepath.Join(t.TempDir(), "backup")
	ana := enter(t, from, 0, "ana")
	ana.view("join", M{"room": "lobby"})
	ana.send("lobby", "in the first lobby")
	mustNatterctl(t, from, "backup", backup)
	mustNatterctl(t, fresh, "restore", backup)
	there := enter(t, fresh, 0, "ana")
	if page := there.page(M{"room": "lobby"}); len(page.Messages) != 1 || page.Messages[0].Text != "in the first lobby" {
		t.Errorf("the lobby has %+v", page.Messages)
	}

	there.create("newer", nil)
	used := alone(t, shape.Standalone(), withoutLimits()...)
	enter(t, used, 0, "bo")
	for d, names := range map[*shape.Deployment]string{fresh: "it has the room newer", used: "its room lobby is another one"} {
		out, err := natterctl(t, d, "restore", backup)
		if err == nil || !strings.Contains(out, "in use") || !strings.Contains(out, names) || !strings.Contains(out, "Restore into a fresh deployment") {
			t.Errorf("a deployment in use: %v, %s", err, out)
		}
	}
	bo := enter(t, used, 0, "bo")
	bo.view("join", M{"room": "lobby"})
	if page := bo.page(M{"room": "lobby"}); len(page.Messages) != 0 {
		t.Errorf("a refused restore left %+v", page.Messages)
	}
}
