package gateway

import (
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// source tells where the events of one message of NATS come from. The zero
// value says nothing: of events that were asked for.
type source struct {
	received []int64 // when natter had each, Unix microseconds
	header   nats.Header
	came     time.Time // set where there is a header
	tracer   *tracing.Tracer
}

// mark has an entry know its own; i is its place in the message.
func (o source) mark(e *entry, i int) *entry {
	if i < len(o.received) {
		e.received = o.received[i]
	}
	if o.header != nil && o.tracer != nil {
		e.span = o.tracer.Remote(tracing.Traceparent(o.header, i), spanFeed, tracing.Consumer, o.came)
		e.span.Number("natter.seq", int64(e.seq))
		e.span.Text("natter.room", e.event.GetRoom())
	}
	return e
}

// delivery is a message on its way to the sockets of this gateway.
type delivery struct {
	received int64
	span     *tracing.Span // "socket out"
}

// deliveries are those of one flush.
type deliveries struct {
	list    []delivery
	seconds prometheus.Observer
}

// add takes the entries of one fan, which have been put into so many outboxes.
func (l *deliveries) add(entries []*entry, outboxes int, seconds prometheus.Observer) {
	l.seconds = seconds
	for _, e := range entries {
		d := delivery{received: e.received}
		if e.span != nil {
			now := time.Now()
			e.span.Number("natter.sessions", int64(outboxes))
			if outboxes > 0 {
				d.span = e.span.Child(spanOut, tracing.Producer, now)
				d.span.Number("natter.sessions", int64(outboxes))
			}
			e.span.EndAt(now)
		}
		if outboxes > 0 && (d.received > 0 || d.span != nil) {
			l.list = append(l.list, d)
		}
		e.received, e.span = 0, nil
	}
}

// written notes that the last socket has been written to. Clocks of two machines
// may differ; less than nothing is nothing.
func (l *deliveries) written() {
	if len(l.list) == 0 {
		return
	}
	now := time.Now()
	for _, d := range l.list {
		if d.received > 0 {
			l.seconds.Observe(max(0, now.Sub(time.UnixMicro(d.received)).Seconds()))
		}
		d.span.EndAt(now)
	}
	clear(l.list)
	l.list = l.list[:0]
}

// shared are deliveries that several goroutines write; the last one notes it.
type shared struct {
	left atomic.Int32
	deliveries
}

func (s *shared) done() {
	if s.left.Add(-1) == 0 {
		s.written()
	}
}

// sourceOf is where the events of a message come from, by its header.
func (g *Gateway) sourceOf(message *chatv1.RoomEvents, header nats.Header) source {
	o := source{received: message.GetReceivedUs(), tracer: g.tracer}
	if g.tracer != nil && header != nil {
		o.header, o.came = header, time.Now()
	}
	return o
}
