package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// natterctl runs the operator's tool on a deployment.
func natterctl(t *testing.T, d *shape.Deployment, args ...string) (out string, err error) {
	t.Helper()
	text, err := natterctlCommand(t, d, args...).CombinedOutput()
	return string(text), err
}

func natterctlCommand(t *testing.T, d *shape.Deployment, args ...string) *exec.Cmd {
	t.Helper()
	path, err := shared.programs.Path(build.Natterctl())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), recovery)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "NATTER_GRPC_ADDR="+d.History, "NATTER_ADMIN_TOKEN="+d.AdminToken)
	return cmd
}

func mustNatterctl(t *testing.T, d *shape.Deployment, args ...string) string {
	t.Helper()
	out, err := natterctl(t, d, args...)
	if err != nil {
		t.Fatalf("natterctl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// eventful is a room with all that can happen in it, and somebody erased.
func eventful(t *testing.T, d *shape.Deployment, room string) {
	t.Helper()
	ana, bo, zoe := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo")), enter(t, d, 0, unique(t, "zoe"))
	ana.create(room, nil)
	for _, s := range []*session{bo, zoe} {
		s.view("join", M{"room": room})
	}
	root := ana.send(room, "root for <@"+bo.user+">").Seq
	reply := bo.message(room, "reply")
	reply["thread"], reply["replyTo"], reply["data"] = root, root, M{"n": 1.5}
	bo.ack("send", reply)
	gone := zoe.send(room, "zoe was here").Seq
	zoe.ack("react", M{"room": room, "seq": root, "emoji": "👍"})
	bo.ack("react", M{"room": room, "seq": root, "emoji": "🎉"})
	ana.ack("edit", M{"room": room, "seq": root, "text": "edited"})
	ana.ack("delete", M{"room": room, "seq": bo.send(room, "to be deleted").Seq})
	ana.ack("setRole", M{"room": room, "user": bo.user, "role": "MODERATOR"})
	ana.ack("mute", M{"room": room, "user": zoe.user})
	eraseUser(t, operator(t, d), zoe.user)
	bo.ok("read", M{"room": room, "seq": gone})
	ana.ack("updateRoom", M{"room": room, "topic": "what is left"})
}

// TestExportIsImported: what is exported is imported into another deployment as
// it was, once however often, and comes out of it the same.
func TestExportIsImported(t *testing.T) {
	from := shared.deployment(t, shape.Split())
	to := alone(t, shape.Standalone())
	dir, room := t.TempDir(), unique(t, "room")
	eventful(t, from, room)
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	mustNatterctl(t, from, "export", "room", room, first)
	exported := read(t, first)
	if bytes.Contains(exported, []byte("zoe was here")) || !bytes.Contains(exported, []byte(`"edited"`)) {
		t.Errorf("the export is\n%s", exported)
	}
	for _, want := range []string{"of them new", ", 0 of them new"} {
		if out := mustNatterctl(t, to, "import", first); !strings.Contains(out, want) {
			t.Errorf("the import says %q", out)
		}
	}
	mustNatterctl(t, to, "export", "room", room, second)
	if again := read(t, second); !bytes.Equal(exported, again) {
		t.Errorf("exported\n%s\nand, after the import,\n%s", exported, again)
	}
	ask := &historyv1.MessagesListRequest{Room: room}
	one, err := operator(t, from).Messages.List(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	two, err := operator(t, to).Messages.List(t.Context(), ask)
	if err != nil || one.String() != two.String() {
		t.Errorf("the page\n%v\nbecame\n%v, %v", one, two, err)
	}

	// One that was cut short goes on where it stopped.
	cut := filepath.Join(dir, "cut")
	if err := os.WriteFile(cut+".part", exported[:len(exported)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	mustNatterctl(t, from, "export", "room", room, cut)
	if !bytes.Equal(read(t, cut), exported) {
		t.Errorf("gone on with, the export is\n%s", read(t, cut))
	}
	user := filepath.Join(dir, "user")
	mustNatterctl(t, from, "export", "user", one.GetMessages()[0].GetUser(), user)
	if text := string(read(t, user)); !strings.Contains(text, `"edited"`) || strings.Contains(text, `"reply"`) || !strings.Contains(text, `{"member":`) {
		t.Errorf("of ana there is\n%s", text)
	}
}

// TestATeamMovesIn: rooms, members and messages from elsewhere keep their
// authors, times and references; what is wrong is named by line and field.
func TestATeamMovesIn(t *testing.T) {
	d := shared.deployment(t, shape.Split())
	room, file := unique(t, "room"), filepath.Join(t.TempDir(), "file")
	lines := []string{
		`{"room":{"room":"` + room + `","name":"Moved","kind":"PUBLIC","user":"ana","time":"2020-01-01T00:00:00Z"}}`,
		`{"member":{"room":"` + room + `","user":"bo","name":"Bo","time":"2020-01-01T00:00:01Z"}}`,
		`{"message":{"room":"` + room + `","user":"ana","id":"x1","text":"hello <@bo>","time":"2020-01-02T00:00:00.5Z"}}`,
		`{"message":{"room":"` + room + `","user":"bo","id":"x2","text":"hi","replyTo":"x1","data":{"a":1},"time":"2020-01-03T00:00:00Z"}}`,
	}
	write := func(lines ...string) {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(lines...)
	for range 2 {
		mustNatterctl(t, d, "import", file)
	}
	page, err := operator(t, d).Messages.List(t.Context(), &historyv1.MessagesListRequest{Room: room})
	if err != nil || len(page.GetMessages()) != 2 {
		t.Fatalf("imported are %v, %v", page, err)
	}
	one, two := page.GetMessages()[0], page.GetMessages()[1]
	if !one.GetTime().AsTime().Equal(time.Date(2020, 1, 2, 0, 0, 0, 5e8, time.UTC)) || one.GetUser() != "ana" || len(one.GetMentions()) != 1 || two.GetReplyTo() != one.GetSeq() || two.GetData().AsMap()["a"] != 1.0 {
		t.Errorf("imported are %v and %v", one, two)
	}
	for wrong, says := range map[string]string{
		`{"message":{"room":"` + room + `","user":"bo","id":"x3","text":"late","time":"2020-01-01T00:00:00Z"}}`:             "line 5: time: BAD_REQUEST",
		`{"message":{"room":"` + room + `","user":"bo","id":"x3","text":"","time":"2020-01-04T00:00:00Z"}}`:                 "line 5: text: BAD_REQUEST",
		`{"message":{"room":"` + room + `","user":"bo","id":"x3","text":"x","replyTo":"no","time":"2020-01-04T00:00:00Z"}}`: "line 5: message.replyTo",
		`{"message":{"room":"` + room + `","user":"bo","text":"x","time":"2020-01-04T00:00:00Z"}}`:                          "line 5: message.id",
		`{"room":{"room":"` + room + `","name":"Moved","kind":"PUBLIC","user":"eve","time":"2020-01-01T00:00:00Z"}}`:        "line 5: room: CONFLICT",
		`{"event":{"room":"` + room + `","seq":99,"timeMs":"1577836800000","user":"bo","left":{}}}`:                         "line 5: seq: BAD_REQUEST",
		`{"event":{"room":"` + room + `","seq":5,"timeMs":"1578836800000","user":"bo","reacted":{"seq":2,"emoji":"x"}}}`:    "line 5: reacted.seq: NOT_FOUND",
	} {
		write(append(lines[:4:4], wrong)...)
		if out, err := natterctl(t, d, "import", file); err == nil || !strings.Contains(out, says) {
			t.Errorf("%s is answered with %v\n%s; want %q", wrong, err, out, says)
		}
	}
}

// TestNatterctlAsksBeforeItErases: without --yes nothing is taken away.
func TestNatterctlAsksBeforeItErases(t *testing.T) {
	d := shared.deployment(t, shape.Split())
	ana := enter(t, d, 0, unique(t, "ana"))
	room := ana.create(unique(t, "room"), nil).Room
	seq := ana.send(room, "something to erase").Seq
	for _, args := range [][]string{{"user", "erase", ana.user}, {"messages", "delete", room, fmt.Sprint(seq)}} {
		if out, err := natterctl(t, d, args...); err == nil || !strings.Contains(out, "--yes") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		if m := ana.page(M{"room": room}).Messages[0]; m.Deleted {
			t.Errorf("%v took away %+v", args, m)
		}
	}
	mustNatterctl(t, d, "messages", "delete", room, fmt.Sprint(seq), "--yes")
	if m := ana.page(M{"room": room}).Messages[0]; !m.Deleted || m.User != ana.user {
		t.Errorf("deleted, it is %+v", m)
	}
	if out := mustNatterctl(t, d, "user", "erase", ana.user, "--yes"); !strings.Contains(out, "LOG CLEAN AT") {
		t.Errorf("the erasure tells %q", out)
	}
	ana.gone(room)
}
