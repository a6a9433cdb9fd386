package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
)

// filled is a store with a room whose messages are the texts, from seq 2 on.
func filled(t *testing.T, dir string, texts ...string) (*Store, func(...*chatv1.Event)) {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var at store.Position
	apply := func(events ...*chatv1.Event) {
		t.Helper()
		to := store.Position{Stream: 1, Sequence: at.Sequence + 1, Record: []byte("r")}
		if err := s.Apply(t.Context(), 0, at, to, []*chatv1.LogRecord{{Events: events}}); err != nil {
			t.Fatal(err)
		}
		at = to
	}
	events := []*chatv1.Event{{Room: "lobby", Seq: 1, TimeMs: 1, User: "ana", Change: &chatv1.Event_Created{Created: &chatv1.Created{Kind: chatv1.RoomKind_PUBLIC}}}}
	for _, text := range texts {
		seq := uint32(len(events) + 1)
		events = append(events, &chatv1.Event{Room: "lobby", Seq: seq, TimeMs: int64(seq), User: "ana", Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: text}}})
	}
	apply(events...)
	return s, apply
}

func hits(t *testing.T, s *Store, text string) []uint32 {
	t.Helper()
	q, err := search.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Search(t.Context(), store.SearchQuery{Text: q, User: "bo", Limit: 100, Patience: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	var seqs []uint32
	for _, h := range r.Hits {
		seqs = append(seqs, h.Message.GetSeq())
	}
	return seqs
}

// TestAFileWithoutAnIndexGetsOne: also if the program ended in the middle.
func TestAFileWithoutAnIndexGetsOne(t *testing.T) {
	dir := t.TempDir()
	texts := make([]string, 2*indexBatch+50)
	for i := range texts {
		texts[i] = fmt.Sprint("message number ", i+2)
	}
	s, apply := filled(t, dir, texts...)
	apply(&chatv1.Event{Room: "lobby", Seq: uint32(len(texts) + 2), TimeMs: 1 << 20, User: "ana", Change: &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: 7}}})
	// As a version without search leaves it.
	for _, sql := range []string{"DROP TABLE search", "DROP INDEX messages_by_doc", "ALTER TABLE messages DROP COLUMN doc", "DROP TABLE last_seen", "DROP TABLE audit",
		"DROP INDEX rooms_retained", "DROP INDEX events_by_about", "DROP INDEX events_not_looked_at",
		"ALTER TABLE rooms DROP COLUMN since", "ALTER TABLE rooms DROP COLUMN retention", "ALTER TABLE events DROP COLUMN about", "DELETE FROM migrations WHERE version > 1", "PRAGMA user_version = 1"} {
		if _, err := s.write.Exec(sql); err != nil {
			t.Fatal(sql, err)
		}
	}
	if err := s.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if more, err := s.indexSome(t.Context()); err != nil || !more {
		t.Fatal(more, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	t.Logf("the rest of %d messages was indexed in %s", len(texts), time.Since(began))
	for _, c := range []struct {
		query string
		want  string
	}{{"number 2", "[2]"}, {"number 7", "[]"}, {fmt.Sprint(indexBatch + 1), fmt.Sprint([]int{indexBatch + 1})}, {fmt.Sprint(len(texts) + 1), fmt.Sprint([]int{len(texts) + 1})}} {
		if got := fmt.Sprint(hits(t, s, c.query)); got != c.want {
			t.Errorf("%q: %s, want %s", c.query, got, c.want)
		}
	}
}

// TestDeletedTermsLeaveTheFile: once the index was optimized and the file
// vacuumed, as an erasure does.
func TestDeletedTermsLeaveTheFile(t *testing.T) {
	dir := t.TempDir()
	s, apply := filled(t, dir, "here is xylophonist, who stays", "here is quetzalcoatl", "and zarathustra")
	apply(&chatv1.Event{Room: "lobby", Seq: 5, TimeMs: 50, User: "ana", Change: &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: 3}}},
		&chatv1.Event{Room: "lobby", Seq: 6, TimeMs: 60, User: "ana", Change: &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: 4, Text: "and nobody"}}})
	for _, sql := range []string{"INSERT INTO search (search) VALUES ('optimize')", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := s.write.Exec(sql); err != nil {
			t.Fatal(sql, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "history.db*"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	var all []byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	for _, c := range []struct {
		term  string
		there bool
	}{{"xylophonist", true}, {"quetzal", false}, {"zarathu", false}} {
		if got := bytes.Contains(all, []byte(c.term)); got != c.there {
			t.Errorf("%q is in the file: %v, want %v", c.term, got, c.there)
		}
	}
}

// TestAWordThatStandsEverywhereCostsAPage: the plan has to walk the index from
// the newest, and sort nothing.
func TestAWordThatStandsEverywhereCostsAPage(t *testing.T) {
	s, _ := filled(t, t.TempDir(), "hello")
	rows, err := s.read.Query("EXPLAIN QUERY PLAN "+searchQuery, `"hello"`, int64(1)<<62, "bo", false, 1, 3, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan string
	for rows.Next() {
		var a, b, c int
		var line string
		if err := rows.Scan(&a, &b, &c, &line); err != nil {
			t.Fatal(err)
		}
		plan += line + "\n"
	}
	if !bytes.Contains([]byte(plan), []byte("messages_by_doc")) || bytes.Contains([]byte(plan), []byte("TEMP B-TREE")) || bytes.Contains([]byte(plan), []byte("SCAN m")) {
		t.Errorf("the plan is\n%s", plan)
	}
}
