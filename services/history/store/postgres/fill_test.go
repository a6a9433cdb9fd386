//go:build e2e

package postgres

import (
	"fmt"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
)

// TestFillHealsWhatAProgramWithoutSearchLeft: while replicas are replaced, those
// of a version without search write messages, edits and deletions, and leave the
// terms as they are.
func TestFillHealsWhatAProgramWithoutSearchLeft(t *testing.T) {
	s := open(t, database(t))
	var at store.Position
	apply := func(events ...*chatv1.Event) {
		t.Helper()
		to := store.Position{Stream: 1, Sequence: at.Sequence + 1, Record: fmt.Append(nil, at.Sequence)}
		if err := s.Apply(t.Context(), 0, at, to, []*chatv1.LogRecord{{Events: events}}); err != nil {
			t.Fatal(err)
		}
		at = to
	}
	run := func(sql string) {
		t.Helper()
		if _, err := s.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(sql, err)
		}
	}
	seq := uint32(0)
	event := func() *chatv1.Event {
		seq++
		return &chatv1.Event{Room: "lobby", Seq: seq, TimeMs: int64(seq), User: "ana"}
	}
	say := func(text string) *chatv1.Event {
		e := event()
		e.Change = &chatv1.Event_Message{Message: &chatv1.Posted{Text: text}}
		return e
	}
	created := event()
	created.Change = &chatv1.Event_Created{Created: &chatv1.Created{Kind: chatv1.RoomKind_PUBLIC}}
	apply(created, say("alpha"), say("beta"), say("gamma"), say("delta"))
	run("CREATE TABLE before AS SELECT * FROM found")
	edited, deleted := event(), event()
	edited.Change = &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: 3, Text: "omega"}}
	deleted.Change = &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: 4}}
	apply(edited, deleted, say("epsilon"))
	// As such a program leaves it: the terms of before, and none of the new one.
	run("TRUNCATE found")
	run("INSERT INTO found SELECT * FROM before")
	finds := func() string {
		t.Helper()
		found := ""
		for _, word := range []string{"alpha", "beta", "gamma", "delta", "omega", "epsilon"} {
			q, err := search.Parse(word)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Search(t.Context(), store.SearchQuery{Text: q, User: "bo", Limit: 10, Patience: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Hits) > 0 {
				found += word + " "
			}
		}
		return found
	}
	if got := finds(); got != "alpha beta gamma delta " {
		t.Fatalf("before it is filled in, %q are found: this test shows nothing", got)
	}
	run("UPDATE migrations SET applied_at = now() - interval '8 days'")
	if err := s.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := finds(); got != "alpha beta gamma delta " {
		t.Errorf("long after the upgrade it is still looked for: %q", got)
	}
	run("UPDATE migrations SET applied_at = now()")
	for range 2 { // the second finds all as it is to be
		if err := s.Fill(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := finds(); got != "alpha delta omega epsilon " {
			t.Errorf("%q are found", got)
		}
	}
}
