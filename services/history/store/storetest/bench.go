package storetest

import (
	"fmt"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

const (
	batchMessages = 10_000
	batchRooms    = 100
)

// Benchmark measures a store: the ingest of 10,000 messages in 100 rooms, and a
// page in the middle of a room.
func Benchmark(b *testing.B, open func(b *testing.B) store.Store) {
	s := open(b)
	heads := make([]uint32, batchRooms)
	var at store.Position
	apply := func(records []*chatv1.LogRecord) {
		to := store.Position{Stream: 7, Sequence: at.Sequence + uint64(len(records)), Record: fmt.Append(nil, at.Sequence)}
		if err := s.Apply(b.Context(), 0, at, to, records); err != nil {
			b.Fatal(err)
		}
		at = to
	}
	var created []*chatv1.Event
	for n := range heads {
		heads[n] = 1
		created = append(created, &chatv1.Event{Room: fmt.Sprint("room", n), Seq: 1, TimeMs: 1, User: "ana", Change: &chatv1.Event_Created{Created: &chatv1.Created{
			Name: "Room", Kind: chatv1.RoomKind_PUBLIC, Members: []*chatv1.Member{{User: "ana", Role: chatv1.Role_OWNER}}}}})
	}
	apply([]*chatv1.LogRecord{{Events: created}})
	b.Run("Apply10000", func(b *testing.B) {
		for b.Loop() {
			records := make([]*chatv1.LogRecord, 0, batchMessages/50)
			for n := range batchMessages {
				if n%50 == 0 {
					records = append(records, &chatv1.LogRecord{})
				}
				r := n % batchRooms
				heads[r]++
				last := records[len(records)-1]
				last.Events = append(last.Events, &chatv1.Event{
					Room: fmt.Sprint("room", r), Seq: heads[r], TimeMs: 1_700_000_000_000, User: "ana", Name: "Ana", ClientMsgId: fmt.Sprint("m", heads[r]), CommandId: "c",
					Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "a message of about as many letters as people send each other"}},
				})
			}
			apply(records)
		}
		b.ReportMetric(float64(batchMessages)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	})
	b.Run("Page50", func(b *testing.B) {
		for b.Loop() {
			page, err := s.Messages(b.Context(), store.Query{Room: "room7", Kind: store.Before, Seq: heads[7]/2 + 50, Limit: 50})
			if err != nil || len(page.Messages) != 50 {
				b.Fatal(len(page.Messages), err)
			}
		}
	})
}
