package sqlite

import (
	"fmt"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// TestAPageCostsTheSameAtAnyDepth: a page of a large room takes no longer than
// one of a small room, by far not as long as reading all of it.
func TestAPageCostsTheSameAtAnyDepth(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var records []*chatv1.LogRecord
	for _, id := range []string{"large", "small"} {
		events := []*chatv1.Event{{Room: id, Seq: 1, TimeMs: 1, User: "ana", Change: &chatv1.Event_Created{Created: &chatv1.Created{Kind: chatv1.RoomKind_PUBLIC}}}}
		for seq := uint32(2); seq < 100; seq++ {
			e := &chatv1.Event{Room: id, Seq: seq, TimeMs: 1, User: "ana", Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "a message"}}}
			if seq > 2 {
				e.GetMessage().Thread = &[]uint32{2}[0]
			}
			events = append(events, e)
		}
		records = append(records, &chatv1.LogRecord{Events: events})
	}
	if err := s.Apply(t.Context(), 0, store.Position{}, store.Position{Stream: 1, Sequence: 1, Record: []byte("r")}, records); err != nil {
		t.Fatal(err)
	}
	const head = 100_000
	for _, sql := range []string{
		fmt.Sprintf(`WITH RECURSIVE n (seq) AS (SELECT 100 UNION ALL SELECT seq + 1 FROM n WHERE seq < %d)
			INSERT INTO messages SELECT m.id - 50 + n.seq, 0, m.body, m.user, 0, 0, 0, '', m.message, 0 FROM n, messages m JOIN rooms r ON r.number = m.id >> 32 WHERE r.room = 'large' AND m.id & 4294967295 = 50`, head),
		"INSERT INTO thread_messages SELECT (id >> 32 << 32) + 2, id FROM messages WHERE id & 4294967295 >= 100",
	} {
		if _, err := s.write.ExecContext(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	// best is the shortest of some, which says the least of what else runs here.
	best := func(q store.Query) time.Duration {
		least := time.Hour
		q.Limit = 20
		for range 20 {
			began := time.Now()
			p, err := s.Messages(t.Context(), q)
			if err != nil || len(p.Messages) != 20 {
				t.Fatal(q, len(p.Messages), err)
			}
			least = min(least, time.Since(began))
		}
		return least
	}
	for _, thread := range []uint32{0, 2} {
		small := best(store.Query{Room: "small", Kind: store.Before, Seq: 90, Thread: thread})
		for name, q := range map[string]store.Query{
			"newest": {Kind: store.Newest}, "before the head": {Kind: store.Before, Seq: head}, "after the start": {Kind: store.After, Seq: 5}, "before the start": {Kind: store.Before, Seq: 50},
			"after the middle": {Kind: store.After, Seq: head / 2}, "around the middle": {Kind: store.Around, Seq: head / 2},
		} {
			q.Room, q.Thread = "large", thread
			if took := best(q); took > 15*small {
				t.Errorf("%s (thread %d): %s; in a small room %s", name, thread, took, small)
			}
		}
	}
}
