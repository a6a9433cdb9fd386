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
// page in the middle of a room, without reactions and with two on each message.
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
	middle := heads[7]/2 + 50
	page := func(b *testing.B) store.Page {
		p, err := s.Messages(b.Context(), store.Query{Room: "room7", Kind: store.Before, Seq: middle, Limit: 50, User: "ana"})
		if err != nil || len(p.Messages) != 50 {
			b.Fatal(len(p.Messages), err)
		}
		return p
	}
	pages := func(name string) {
		b.Run(name, func(b *testing.B) {
			began := processTime(b)
			for b.Loop() {
				page(b)
			}
			b.ReportMetric(float64((processTime(b)-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
	pages("Page50")
	var reactions []*chatv1.Event
	for _, m := range page(b).Messages {
		for _, user := range []string{"ana", "bob"} {
			heads[7]++
			reactions = append(reactions, &chatv1.Event{Room: "room7", Seq: heads[7], TimeMs: 1_700_000_000_000, User: user, Change: &chatv1.Event_Reacted{Reacted: &chatv1.Reacted{Seq: m.GetSeq(), Emoji: "👍"}}})
		}
	}
	apply([]*chatv1.LogRecord{{Events: reactions}})
	if got := page(b).Messages[0].GetReactions(); len(got) != 1 || got[0].GetCount() != 2 || !got[0].GetMine() {
		b.Fatal(got)
	}
	pages("Page50WithReactions")
}
