package history

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// BenchmarkBigRoom: one room of 10,000 members: what a look at it (the owner's
// part of a hello) and a send cost.
func BenchmarkBigRoom(b *testing.B) {
	h := start(b, natstest.Start(b, natstest.WithoutSync()), b.TempDir(), func(s *Service) { s.disk.want = false })
	h.must(create("c", "big", "u0"))
	each(64, counter(9_999, func(n int) { h.must(join(fmt.Sprint("j", n), "big", fmt.Sprint("u", n))) }))
	b.Run("view", func(b *testing.B) {
		for b.Loop() {
			if v := h.view("big", "u5000").GetView(); v.GetMemberCount() != 10_000 {
				b.Fatal(v)
			}
		}
	})
	b.Run("send", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			id := fmt.Sprint(b.Name(), b.N, "-", n)
			h.must(send(id, "big", "u5000", message(id, "hello everybody", 1)))
		}
	})
}

// BenchmarkManyRooms: one user in 1,000 rooms: the list and the views that a
// hello asks for.
func BenchmarkManyRooms(b *testing.B) {
	h := start(b, natstest.Start(b, natstest.WithoutSync()), b.TempDir(), func(s *Service) { s.disk.want = false })
	each(64, counter(1000, func(n int) { id := fmt.Sprint("room-", n); h.must(create(id, id, "ana")) }))
	positions := make([][]*chatv1.RoomPosition, h.partitions)
	for n := range 200 {
		id := fmt.Sprint("room-", n+1)
		p := subject.Partition(id, h.partitions)
		positions[p] = append(positions[p], &chatv1.RoomPosition{Room: id})
	}
	b.Run("list", func(b *testing.B) {
		ask, _ := proto.Marshal(&chatv1.HistoryAsk{Question: &chatv1.HistoryAsk_Rooms{Rooms: &chatv1.AskRooms{User: "ana", Limit: 200}}})
		for b.Loop() {
			msg, err := h.gateway.Request(subject.HistoryAsk, ask, loadTimeout)
			reply := &chatv1.HistoryAskReply{}
			if err != nil || proto.Unmarshal(msg.Data, reply) != nil || reply.GetRefusal() != nil {
				b.Fatal(err, reply)
			}
		}
	})
	b.Run("200 views", func(b *testing.B) {
		for b.Loop() {
			for _, list := range positions {
				reply := h.ask(list[0].GetRoom(), &chatv1.Ask{Question: &chatv1.Ask_Views{Views: &chatv1.AskViews{User: "ana", Rooms: list}}})
				if len(reply.GetViews().GetViews()) != len(list) {
					b.Fatal(reply)
				}
			}
		}
	})
}

// BenchmarkRoomMemory: bytes that a room of 10,000 members takes in the writer.
func BenchmarkRoomMemory(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := room.New("big")
		for n := range 10_000 {
			user := fmt.Sprintf("user-%d@example.com", n)
			e := &chatv1.Event{Room: "big", Seq: uint32(n + 1), TimeMs: 1, User: user, Name: user}
			if e.Change = (&chatv1.Event_Joined{Joined: &chatv1.Joined{Role: chatv1.Role_MEMBER}}); n == 0 {
				e.Change = &chatv1.Event_Created{Created: &chatv1.Created{Name: "big", Kind: chatv1.RoomKind_PUBLIC}}
			}
			if err := s.Evolve(e); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc), "B/room")
		runtime.KeepAlive(s)
	}
}

// counter hands out 1 to last.
func counter(last int64, do func(n int)) func(int) bool {
	var n atomic.Int64
	return func(int) bool {
		k := n.Add(1)
		if k > last {
			return false
		}
		do(int(k))
		return true
	}
}
