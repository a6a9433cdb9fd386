package storetest

import (
	"fmt"
	"os"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
)

// growFor bounds the filling of a store: what is in it then is measured.
const growFor = 25 * time.Minute

// BenchmarkMany measures a store of so many messages in a hundredth as many
// rooms, one of which has every second message: the rate at which they come in,
// pages at that room's head and at its very beginning, searches, the size in
// bytes, and a start that ends with a page read.
func BenchmarkMany(b *testing.B, messages int, open func(b *testing.B) store.Store, size func(b *testing.B, s store.Store) int64) {
	s := open(b)
	m := &many{town: newTown(), heads: make([]uint32, messages/100)}
	rate := m.grow(b, s, messages)
	once := func(name, unit string, value float64) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() { // once is enough of it
				b.ReportMetric(value, unit)
			}
		})
	}
	once("Ingest", "messages/s", rate)
	once("Messages", "messages", float64(m.town.said))
	bytes := size(b, s)
	once("Size", "MB", float64(bytes)/1e6)
	once("SizePerMessage", "B/message", float64(bytes)/float64(m.town.said))
	page := func(b *testing.B, s store.Store, before uint32) {
		p, err := s.Messages(b.Context(), store.Query{Room: "room0", Kind: store.Before, Seq: before, Limit: 50})
		if err != nil || len(p.Messages) != 50 {
			b.Fatal(len(p.Messages), err)
		}
	}
	pages := func(name string, before uint32) {
		b.Run(name, func(b *testing.B) {
			began := processTime(b)
			for b.Loop() {
				page(b, s, before)
			}
			// Of this process alone: not of a server.
			b.ReportMetric(float64((processTime(b)-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
	pages("PageAtTheHead", m.heads[0]+1)
	pages(fmt.Sprint("Page", m.heads[0]/2, "Deep"), m.heads[0]/2)
	pages(fmt.Sprint("Page", m.heads[0]-52, "Deep"), 52)
	for name, q := range map[string]store.SearchQuery{
		"SearchCommonWord": {}, "SearchOldCommonWord": {BeforeMs: m.town.startMs + int64(m.town.said)*100}, "SearchRoomAndWord": {Room: "room0"},
	} {
		m.search(b, s, name, "the", q)
	}
	m.search(b, s, "SearchRareWord", "needle", store.SearchQuery{})
	m.search(b, s, "SearchChinesePair", "握手", store.SearchQuery{})
	m.search(b, s, "SearchChinesePhrase", "服务器返回状态码", store.SearchQuery{})
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("StartAndFirstPage", func(b *testing.B) {
		for b.Loop() {
			s := open(b)
			page(b, s, m.heads[0]+1)
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// many is what is said in rooms of which one is large.
type many struct {
	town  *town // its texts and its clock
	heads []uint32
}

// grow returns messages per second.
func (m *many) grow(b *testing.B, s store.Store, messages int) float64 {
	const each = 10_000
	began := time.Now()
	var at store.Position
	for left := messages; left > 0 && time.Since(began) < growFor; left -= each {
		var records []*chatv1.LogRecord
		for range min(left, each) {
			if len(records) == 0 || len(records[len(records)-1].GetEvents()) >= 50 {
				records = append(records, &chatv1.LogRecord{})
			}
			last := records[len(records)-1]
			last.Events = append(last.Events, m.next()...)
		}
		to := store.Position{Stream: 7, Sequence: at.Sequence + uint64(len(records)), Record: fmt.Append(nil, m.town.said)}
		if err := s.Apply(b.Context(), 0, at, to, records); err != nil {
			b.Fatal(err)
		}
		at = to
		if m.town.said%100_000 == 0 {
			fmt.Fprintf(os.Stderr, "%d messages in %s\n", m.town.said, time.Since(began).Round(time.Second))
		}
	}
	return float64(m.town.said) / time.Since(began).Seconds()
}

func (m *many) next() []*chatv1.Event {
	r := 0
	if m.town.said++; m.town.said%2 == 0 {
		r = 1 + m.town.dice.IntN(len(m.heads)-1)
	}
	var events []*chatv1.Event
	event := func(user string) *chatv1.Event {
		m.heads[r]++
		e := &chatv1.Event{Room: fmt.Sprint("room", r), Seq: m.heads[r], TimeMs: m.town.startMs + int64(m.town.said)*1000, User: user, Name: user, CommandId: "c"}
		events = append(events, e)
		return e
	}
	if m.heads[r] == 0 {
		event("user3").Change = &chatv1.Event_Created{Created: &chatv1.Created{Name: "Room", Kind: chatv1.RoomKind_PUBLIC, Members: []*chatv1.Member{{User: "user3", Role: chatv1.Role_OWNER}}}}
	}
	e := event(fmt.Sprint("user", m.town.dice.IntN(100)))
	e.ClientMsgId = fmt.Sprint("m", m.town.said)
	e.Change = &chatv1.Event_Message{Message: &chatv1.Posted{Text: m.town.text()}}
	return events
}

func (m *many) search(b *testing.B, s store.Store, name, text string, q store.SearchQuery) {
	var err error
	if q.Text, err = search.Parse(text); err != nil {
		b.Fatal(err)
	}
	q.User, q.Limit, q.Patience = "user3", 50, time.Minute
	b.Run(name, func(b *testing.B) {
		for b.Loop() {
			if r, err := s.Search(b.Context(), q); err != nil || len(r.Hits) == 0 {
				b.Fatal(len(r.Hits), err)
			}
		}
	})
}
