package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// BenchmarkFanOut gives one message to 1,000 sessions over real sockets: alone,
// and 32 behind one another. The figure is per delivery.
func BenchmarkFanOut(b *testing.B) {
	for _, together := range []int{1, 32} {
		b.Run(fmt.Sprintf("sessions=1000/together=%d", together), func(b *testing.B) {
			f := benchFeed(b, 1000)
			var d dirty
			seq := f.last
			for b.Loop() {
				f.mu.Lock()
				for range together {
					seq++
					f.receive([]*chatv1.Event{benchMessage(seq)}, source{received: []int64{1_800_000_000_000_000}}, &d)
				}
				f.mu.Unlock()
				d.flush()
				for _, s := range f.seats { // the next must not go out with this one
					for s.session.out().unsettled() {
						runtime.Gosched()
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*1000*together), "ns/delivery")
		})
	}
}

func benchMessage(seq uint32) *chatv1.Event {
	return &chatv1.Event{
		Room: "lobby", Seq: seq, TimeMs: 1_800_000_000_123, User: "ana", Name: "Ana", ClientMsgId: "0b8f6f0e-6e3b-4a52-9d0c-1f2f3a4b5c6d",
		Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "a message of the usual length, which is some sixty or eighty bytes"}},
	}
}

// benchFeed is a feed whose sessions are sockets that somebody reads.
func benchFeed(b testing.TB, sessions int) *feed {
	b.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	g := &Gateway{log: testLog(), metrics: m, wheel: newWheel(), reporter: newReporter(nil, "g", time.Now()), users: &users{}, life: context.Background()}
	f := &feed{room: "lobby", gateway: g, started: true, last: 1}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	codec := frame.JSON()
	for i := range sessions {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = client.Close(); _ = server.Close() })
		go func() { _, _ = io.Copy(io.Discard, client) }()
		s := &session{gateway: g, serial: uint64(i), codec: codec, socket: newSocket(server, &g.buffers, 1<<30, g.wheel.now), user: &user{id: "u"}}
		seat, err := s.sit(f)
		if err != nil {
			b.Fatal(err)
		}
		seat.from = 1
	}
	return f
}
