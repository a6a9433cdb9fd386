package e2e_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// operator asks the deployment's history as an admin.
func operator(t *testing.T, d *shape.Deployment) *admin.Client {
	t.Helper()
	c, err := admin.Dial(d.History, d.AdminToken)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// eraseUser erases, and returns the server's last report.
func eraseUser(t *testing.T, c *admin.Client, user string) *historyv1.EraseResponse {
	t.Helper()
	stream, err := c.Users.Erase(t.Context(), &historyv1.EraseRequest{User: user})
	var last *historyv1.EraseResponse
	for err == nil {
		var report *historyv1.EraseResponse
		if report, err = stream.Recv(); err == nil {
			last = report
		}
	}
	if !errors.Is(err, io.EOF) || !last.GetDone() {
		t.Fatalf("erasing %s ended with %v after %v", user, err, last)
	}
	return last
}

// storeFiles are the files of the embedded store in which some bytes are.
func storeFiles(t *testing.T, d *shape.Deployment, what string) []string {
	t.Helper()
	var found []string
	for _, process := range []string{"natter", "history"} {
		err := filepath.WalkDir(filepath.Join(d.Dir(process), "data"), func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || entry.IsDir() || !strings.HasPrefix(entry.Name(), "history.db") {
				return err
			}
			content, err := os.ReadFile(path)
			if bytes.Contains(content, []byte(what)) {
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestAUserIsErased: text, name and membership of an erased user are in no
// answer, in no replay, and in no file of the store; what others said stays.
func TestAUserIsErased(t *testing.T) {
	everywhereAlone(t, nil, func(t *testing.T, d *shape.Deployment) {
		const secret = "quetzalcoatlus"
		ana, zoe := enter(t, d, 0, "ana"), enter(t, d, 1, "zoe-4711")
		room := ana.create("den", nil).Room
		zoe.view("join", M{"room": room})
		kept := ana.send(room, "what ana said").Seq
		said := zoe.send(room, "a "+secret+" flew by").Seq
		answer := zoe.message(room, "again: "+secret)
		answer["replyTo"], answer["thread"] = kept, kept
		zoe.ack("send", answer)
		zoe.ack("edit", M{"room": room, "seq": said, "text": "an edited " + secret})
		zoe.ack("react", M{"room": room, "seq": kept, "emoji": "👍"})
		direct := zoe.view("openDirect", M{"user": "ana"}).Room
		last := zoe.send(direct, "only for you: "+secret).Seq
		ana.reach(direct, last)
		if found := ana.finds(room, secret); found == "[]" {
			t.Fatal("the text is not found before the erasure")
		}
		history := operator(t, d)
		report := eraseUser(t, history, "zoe-4711")
		if report.GetRoomsChanged() != 2 || report.GetLogCleanAt() == nil {
			t.Errorf("the report is %v", report)
		}
		zoe.gone(room)
		head := ana.live(room).Head
		ana.reach(room, head)

		for _, id := range []string{room, direct} {
			for _, m := range ana.page(M{"room": id}).Messages {
				if m.User != "ana" && (m.Text != "" || !m.Deleted || m.User == "zoe-4711" || m.Name != "") {
					t.Errorf("a page of %s shows %+v", id, m)
				}
			}
			events, err := history.Messages.Events(t.Context(), &historyv1.EventsRequest{Room: id})
			if err != nil || strings.Contains(events.String(), secret) || strings.Contains(events.String(), "zoe-4711") {
				t.Errorf("the events of %s: %v, %v", id, events, err)
			}
			members, err := history.Rooms.ListMembers(t.Context(), &historyv1.ListMembersRequest{Room: id})
			if err != nil || len(members.GetMembers()) != 1 {
				t.Errorf("the members of %s: %v, %v", id, members, err)
			}
		}
		if m := ana.page(M{"room": room}).Messages[0]; m.Text != "what ana said" {
			t.Errorf("of ana is left %+v", m)
		}
		if found := ana.finds(room, secret); found != "[]" {
			t.Errorf("a search finds %s", found)
		}
		// Whoever was away sees nothing of it, either, from a ring or from the store.
		for _, from := range []M{{"room": room, "seq": uint32(1)}, {"room": room, "seq": kept}} {
			fresh := enterWith(t, d, 1, "ana", M{"epoch": ana.Epoch(), "resume": []M{from}})
			fresh.reach(room, head)
			for _, e := range fresh.Events(room, 0) {
				if e.Message != nil && strings.Contains(e.Message.Text, secret) || e.User == "zoe-4711" {
					t.Errorf("a resume shows %+v", e)
				}
			}
		}
		for _, bytes := range []string{secret, "Name of zoe-4711"} {
			natstest.Eventually(t, client.Patience, "no file has "+bytes, func() bool { return len(storeFiles(t, d, bytes)) == 0 })
		}
		if again := eraseUser(t, history, "zoe-4711"); again.GetEvents() != 0 {
			t.Errorf("erasing again did %v", again)
		}
	})
}

// TestAMessageIsTakenAway: an admin's deletion leaves nothing of a message, of
// its edits and of reactions to it, also where its author had deleted it.
func TestAMessageIsTakenAway(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		word := "archaeopteryx" + strings.ReplaceAll(d.Shape, "-", "")
		first, second := ana.send(room, word+" one").Seq, ana.send(room, word+" two").Seq
		for _, seq := range []uint32{first, second} {
			ana.ack("edit", M{"room": room, "seq": seq, "text": word + " edited"})
			ana.ack("react", M{"room": room, "seq": seq, "emoji": "🦖"})
		}
		ana.ack("delete", M{"room": room, "seq": second})
		history := operator(t, d)
		for _, seq := range []uint32{first, second} {
			got, err := history.Messages.Delete(t.Context(), &historyv1.MessagesDeleteRequest{Room: room, Seq: seq})
			if err != nil || got.GetSeq() <= second || got.GetLogCleanAt() == nil {
				t.Errorf("deleting %d: %v, %v", seq, got, err)
			}
			if again, err := history.Messages.Delete(t.Context(), &historyv1.MessagesDeleteRequest{Room: room, Seq: seq}); err != nil || again.GetSeq() != 0 {
				t.Errorf("deleting %d again: %v, %v", seq, again, err)
			}
		}
		events, err := history.Messages.Events(t.Context(), &historyv1.EventsRequest{Room: room})
		if err != nil || strings.Contains(events.String(), word) || strings.Contains(events.String(), "🦖") {
			t.Errorf("the events: %v, %v", events, err)
		}
		if found := ana.finds(room, word); found != "[]" {
			t.Errorf("a search finds %s", found)
		}
		for _, m := range ana.page(M{"room": room}).Messages {
			if !m.Deleted || m.Text != "" || m.User != ana.user {
				t.Errorf("a page shows %+v", m)
			}
		}
	})
}
