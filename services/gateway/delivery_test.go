package gateway

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// untraced is a tracer that is on, and traces nothing.
func untraced(t testing.TB) *tracing.Tracer {
	t.Helper()
	tracer, err := tracing.New(context.Background(), tracing.Config{
		Endpoint: "http://127.0.0.1:1", Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tracer.Close() })
	return tracer
}

// TestWhatIsNotTracedCostsNothing: on the ways in and out a message costs no
// allocation more, whether tracing is off or on and does not concern it.
func TestWhatIsNotTracedCostsNothing(t *testing.T) {
	on := untraced(t)
	received := []int64{time.Now().UnixMicro()}
	const messages = 10
	out := func(from source) float64 {
		f := benchFeed(t, 100)
		var d dirty
		f.receive([]*chatv1.Event{benchMessage(2)}, from, &d) // slices grow
		d.flush()
		return testing.AllocsPerRun(100, func() {
			for range messages {
				f.receive([]*chatv1.Event{benchMessage(f.last + 1)}, from, &d)
			}
			// The bytes are put, not written: how many goroutines a write takes is the
			// system's to say. They go, so that no outbox grows meanwhile.
			for _, s := range f.seats {
				s.session.out().drop()
			}
			clear(d.outboxes)
			d.outboxes = d.outboxes[:0]
			d.deliveries.written()
		})
	}
	// A collection empties the pools, whoever's garbage made it due.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	bare := out(source{})
	for name, from := range map[string]source{
		"off": {received: received}, "on": {received: received, tracer: on},
		"on, with another's header": {received: received, tracer: on, header: nats.Header{}},
	} {
		if n := out(from); n > bare+messages/2 { // fewer than one each: of pools
			t.Errorf("out, %s: %v allocations for %d messages, %v without anything known of them", name, n, messages, bare)
		}
	}
	for name, tracer := range map[string]*tracing.Tracer{"off": nil, "on": on} {
		g, jobs := &Gateway{tracer: tracer}, []job{{re: 1, send: &clientv1.ClientFrame_Send{}}}
		if n := testing.AllocsPerRun(200, func() {
			jobs[0].span = g.traceOf()
			if spans(jobs) != nil || one(jobs[0].span) != nil {
				t.Error("it is traced")
			}
			drop(jobs)
		}); n != 0 {
			t.Errorf("in, %s: %v allocations", name, n)
		}
		s, f, msg := &session{gateway: g}, &feed{gateway: g, room: "lobby"}, &nats.Msg{Header: nats.Header{}}
		if n := testing.AllocsPerRun(200, func() {
			for _, kind := range []string{"hello", "refresh", "status", "typing", "signal", "watch", "unwatch"} {
				span := s.traced(kind, "lobby")
				ctx := tracing.With(t.Context(), span)
				tracing.Of(ctx).Child(spanAsk, tracing.Client, time.Time{}).End()
				span.Fail("FORBIDDEN")
				span.End()
			}
			f.passed(msg).End()
		}); n != 0 {
			t.Errorf("other requests, %s: %v allocations", name, n)
		}
	}
}

// TestDeliveriesAreMeasured: once for each message, when the last socket has been
// written to, also where several goroutines write; a clock that is behind
// measures nothing, not less.
func TestDeliveriesAreMeasured(t *testing.T) {
	for _, sessions := range []int{1, 3 * splitFlush} {
		f := benchFeed(t, sessions)
		var d dirty
		now := time.Now()
		ahead := now.Add(time.Hour).UnixMicro()
		f.receive([]*chatv1.Event{benchMessage(2), benchMessage(3), benchMessage(4)},
			source{received: []int64{now.Add(-time.Minute).UnixMicro(), ahead, 0}}, &d)
		d.flush()
		eventually(t, "both are measured", func() bool { return measured(t, f).GetSampleCount() == 2 })
		if sum := measured(t, f).GetSampleSum(); sum < 60 || sum > 60+patience.Seconds() {
			t.Errorf("%d sessions: a message of a minute ago and one of the future took %v s", sessions, sum)
		}
		if len(d.outboxes)+len(d.deliveries.list) != 0 {
			t.Errorf("%d sessions: %d outboxes and %d deliveries are left", sessions, len(d.outboxes), len(d.deliveries.list))
		}
	}
	f := benchFeed(t, 0)
	var d dirty
	f.receive([]*chatv1.Event{benchMessage(2)}, source{received: []int64{1}}, &d)
	d.flush()
	if n := measured(t, f).GetSampleCount(); n != 0 {
		t.Errorf("a message to nobody was measured %d times", n)
	}
}

// drop forgets what waits, as if it had been written.
func (o *outbox) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pending != nil {
		o.pending.bytes = o.pending.bytes[:0]
	}
}

func measured(t *testing.T, f *feed) *dto.Histogram {
	t.Helper()
	var m dto.Metric
	if err := f.gateway.metrics.delivery.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetHistogram()
}

// BenchmarkUntraced is what a message costs on its way out to 1,000 sessions
// where tracing is off, and where it is on and does not concern it.
func BenchmarkUntraced(b *testing.B) {
	for name, from := range map[string]source{"off": {}, "on": {tracer: untraced(b)}} {
		b.Run(name, func(b *testing.B) {
			f := benchFeed(b, 1000)
			from.received = []int64{time.Now().UnixMicro()}
			var d dirty
			b.ReportAllocs()
			for b.Loop() {
				f.mu.Lock()
				f.receive([]*chatv1.Event{benchMessage(f.last + 1)}, from, &d)
				f.mu.Unlock()
				d.flush()
				for _, s := range f.seats {
					for s.session.out().unsettled() {
						runtime.Gosched()
					}
				}
			}
		})
	}
}
