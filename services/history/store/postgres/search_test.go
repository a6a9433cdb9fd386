//go:build e2e

package postgres

import (
	"fmt"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/storetest"
)

// TestADatabaseWithoutAnIndexGetsOne: also if the program ended in the middle.
func TestADatabaseWithoutAnIndexGetsOne(t *testing.T) {
	url := database(t)
	s := open(t, url)
	const messages = indexBatch + 50
	events := []*chatv1.Event{{Room: "lobby", Seq: 1, TimeMs: 1, User: "ana", Change: &chatv1.Event_Created{Created: &chatv1.Created{Kind: chatv1.RoomKind_PUBLIC}}}}
	for n := range messages {
		seq := uint32(n + 2)
		events = append(events, &chatv1.Event{Room: "lobby", Seq: seq, TimeMs: int64(seq), User: "ana", Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: fmt.Sprint("number ", seq)}}})
	}
	events = append(events, &chatv1.Event{Room: "lobby", Seq: messages + 2, TimeMs: 1 << 20, User: "ana", Change: &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: 7}}})
	if err := s.Apply(t.Context(), 0, store.Position{}, store.Position{Stream: 1, Sequence: 1, Record: []byte("r")}, []*chatv1.LogRecord{{Events: events}}); err != nil {
		t.Fatal(err)
	}
	// As a version without search leaves it.
	for _, sql := range []string{"DROP TABLE found", "DROP TABLE last_seen", "DROP TABLE audit",
		"ALTER TABLE rooms DROP COLUMN since, DROP COLUMN retention", "ALTER TABLE events DROP COLUMN about", "DELETE FROM migrations WHERE version > 1"} {
		if _, err := s.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(sql, err)
		}
	}
	began := time.Now()
	again := open(t, url)
	t.Logf("%d messages were indexed in %s", messages, time.Since(began))
	for query, want := range map[string]string{"number 2": "[2]", "number 7": "[]", fmt.Sprint(messages + 1): fmt.Sprint([]int{messages + 1})} {
		q, err := search.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		r, err := again.Search(t.Context(), store.SearchQuery{Text: q, User: "bo", Limit: 10, Patience: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		seqs := []uint32{}
		for _, h := range r.Hits {
			seqs = append(seqs, h.Message.GetSeq())
		}
		if fmt.Sprint(seqs) != want {
			t.Errorf("%q: %v, want %s", query, seqs, want)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	s := open(b, database(b))
	storetest.BenchmarkSearch(b, s, 100_000)
	b.Run("Size", func(b *testing.B) {
		var index, messages int64
		if err := s.pool.QueryRow(b.Context(), "SELECT pg_total_relation_size('found'), count(*) FROM found").Scan(&index, &messages); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			b.ReportMetric(float64(index)/float64(messages), "index-B/message")
		}
	})
}
