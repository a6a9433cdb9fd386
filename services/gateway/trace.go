package gateway

import (
	"time"

	"github.com/nats-io/nats.go"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// The steps of a message here, as its trace names them. In between are
// history's. A request's first span is of the gateway that it came to; "feed"
// and "socket out" are of each gateway that has it to give to somebody. What is
// only passed on (typing, signals) goes from "socket in" to "feed"; "ask" is a
// question to history on the way, whose "answer" is below it.
const (
	spanIn      = "socket in"
	spanCommand = "command"
	spanFeed    = "feed"
	spanOut     = "socket out"
	spanAsk     = "ask"
)

// Option is what a gateway can do without.
type Option func(*Gateway)

// WithExchange has the gateway reach history and presence by an exchange, as far
// as they are in the same process. All histories of the deployment are then.
func WithExchange(x *direct.Exchange) Option { return func(g *Gateway) { g.exchange = x } }

// WithTracer has requests traced; nil is as good as without.
func WithTracer(t *tracing.Tracer) Option { return func(g *Gateway) { g.tracer = t } }

// traceOf begins a request's trace; nil where it is not traced.
func (g *Gateway) traceOf() *tracing.Span {
	if g.tracer == nil {
		return nil
	}
	return g.tracer.Root(spanIn, tracing.Server, time.Now())
}

// traced begins the trace of a request of a kind, about a room if it is about
// one; nil where it is not traced.
func (s *session) traced(kind, room string) *tracing.Span {
	span := s.gateway.traceOf()
	span.Text("natter.request", kind)
	if room != "" {
		span.Text("natter.room", room)
	}
	return span
}

// passed begins the step of what another gateway passes on to a feed; nil where
// it is not traced.
func (f *feed) passed(msg *nats.Msg) *tracing.Span {
	t := f.gateway.tracer
	if t == nil || msg.Header == nil {
		return nil
	}
	span := t.Remote(tracing.Traceparent(msg.Header, 0), spanFeed, tracing.Consumer, time.Now())
	span.Text("natter.room", f.room)
	return span
}

// follow begins the step of a command for the requests that it is made of; the
// header tells its owner of them. Where none is traced, both come back as they
// were: nil, and who is to be told.
func follow(requests []*tracing.Span, message *chatv1.Command, tell answered) (nats.Header, answered) {
	steps, now := make([]*tracing.Span, len(requests)), time.Now()
	for i, request := range requests {
		request.Text("natter.request", typeOf(message, "change"))
		request.Text("natter.room", message.GetRoom())
		steps[i] = request.Child(spanCommand, tracing.Client, now)
		steps[i].Number("natter.command.changes", int64(len(requests)))
		steps[i].Text("natter.command", message.GetId())
	}
	return tracing.Header(steps), func(reply *chatv1.CommandReply, d *dirty) {
		for _, step := range steps {
			step.End()
		}
		tell(reply, d)
		for i, request := range requests {
			conclude(request, reply, i)
		}
	}
}

// conclude ends a request's span by what became of one change of its command.
func conclude(request *tracing.Span, reply *chatv1.CommandReply, i int) {
	if request == nil {
		return
	}
	if result, refused := outcomeOf(reply, i); refused != nil {
		request.Fail(refused.GetCode().String())
	} else {
		request.Number("natter.seq", int64(result.GetSeq()))
	}
	request.End()
}

// spans are those of jobs; nil where none is traced.
func spans(jobs []job) []*tracing.Span {
	var all []*tracing.Span
	for i, j := range jobs {
		if j.span != nil && all == nil {
			all = make([]*tracing.Span, len(jobs))
		}
		if j.span != nil {
			all[i] = j.span
		}
	}
	return all
}

// one is the list of one span; nil for nil.
func one(span *tracing.Span) []*tracing.Span {
	if span == nil {
		return nil
	}
	return []*tracing.Span{span}
}

// drop ends the spans of jobs that are not done.
func drop(jobs []job) {
	for _, j := range jobs {
		j.span.Fail("dropped")
		j.span.End()
	}
}
