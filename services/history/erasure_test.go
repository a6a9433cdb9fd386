package history

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// erase erases a user, and returns how many events it found.
func (r *running) erase(user string) uint32 {
	r.t.Helper()
	e := &erasure{service: r.Service, user: user, report: func(*erased) error { return nil }}
	if err := e.run(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	return e.events
}

// logHas tells whether any record of a room's log has some bytes.
func logHas(t *testing.T, server *natstest.Server, room, what string) bool {
	t.Helper()
	js, err := jetstream.New(server.Connect(t, natsx.History))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), subject.LogStream(subject.Partition(room, testPartitions)))
	if err != nil {
		t.Fatal(err)
	}
	for sequence := stream.CachedInfo().State.FirstSeq; sequence <= stream.CachedInfo().State.LastSeq; sequence++ {
		msg, err := stream.GetMsg(t.Context(), sequence)
		if err == nil && bytes.Contains(msg.Data, []byte(what)) {
			return true
		}
	}
	return false
}

func filesHave(t *testing.T, dir, what string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found = found || bytes.Contains(content, []byte(what))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestAnErasureOutlivesTheStore: a store that is lost is made again from the
// log, which has the text until its window has passed, without the text.
func TestAnErasureOutlivesTheStore(t *testing.T) {
	const secret = "words that zoe would rather not have said"
	logs, dir := t.TempDir(), t.TempDir()
	server := natstest.Start(t, natstest.InDir(logs))
	h := start(t, server, dir)
	h.must(create("c", "lobby", "ana"))
	h.must(join("j", "lobby", "zoe"))
	h.must(&chatv1.Command{Id: "s", Actor: by("zoe"), Room: "lobby", Change: &chatv1.Command_Sends{Sends: &chatv1.Sends{Sends: []*chatv1.Send{{ClientMsgId: "m", Text: secret}}}}})
	if n := h.erase("zoe"); n != 2 {
		t.Errorf("%d events erased, want 2", n)
	}
	tell := func(when string) {
		t.Helper()
		for _, e := range h.events("lobby", 0) {
			if strings.Contains(e.String(), secret) || e.GetUser() == "zoe" {
				t.Errorf("%s: %v", when, e)
			}
		}
		natstest.Eventually(t, time.Minute, "the store has it all", func() bool { return h.caughtUp(t.Context()) == nil })
		events, err := h.store.Events(t.Context(), "lobby", 0, 500)
		if err != nil || len(events) != 4 {
			t.Errorf("%s the store has %v, %v", when, events, err)
		}
		for _, e := range events {
			if strings.Contains(e.String(), secret) || strings.Contains(e.String(), "zoe") {
				t.Errorf("%s the store has %v", when, e)
			}
		}
		if err := h.store.Tidy(t.Context()); err != nil {
			t.Error(err)
		}
		if filesHave(t, dir, secret) {
			t.Errorf("%s the text is in the store's files", when)
		}
	}
	tell("after the erasure")
	h.stop()

	if !logHas(t, server, "lobby", secret) || !filesHave(t, logs, secret) {
		t.Error("the log has lost the text before its window passed: this test shows nothing")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	h = start(t, server, dir)
	tell("made anew")
	h.stop()

	h = start(t, server, dir, func(s *Service) { s.cfg.LogWindow, s.keepEvery = time.Millisecond, 20*time.Millisecond })
	natstest.Eventually(t, time.Minute, "the log has nothing of it after its window", func() bool { return !logHas(t, server, "lobby", secret) })
	natstest.Eventually(t, time.Minute, "no file of NATS has it either", func() bool { return !filesHave(t, logs, secret) })
	tell("after the window")
	natstest.Eventually(t, time.Minute, "nothing is due any more", func() bool {
		_, dues, err := h.dues(t.Context(), subject.Partition("lobby", testPartitions))
		return err == nil && len(dues) == 0
	})
}
