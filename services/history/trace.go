package history

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// The steps of a change here, as its trace names them, each below the one
// before it. One append serves a batch of changes: each that is traced has a
// span of it, and what they share is its partition and sequence.
const (
	spanDecide  = "decide"
	spanAppend  = "append"
	spanPublish = "publish"
)

// spanAnswer is the step of a question to here, below the asker's.
const spanAnswer = "answer"

// Option is what a replica can do without.
type Option func(*Service)

// WithTracer has changes and questions traced that their gateways trace; nil is as good as
// without.
func WithTracer(t *tracing.Tracer) Option { return func(s *Service) { s.tracer = t } }

// WithExchange has the gateways of the same process reach this replica by an
// exchange, beside NATS.
func WithExchange(x *direct.Exchange) Option { return func(s *Service) { s.exchange = x } }

// origin is what is known of how an event came to be, beside the event.
type origin struct {
	received int64         // Unix microseconds; 0: not said
	span     *tracing.Span // of the step that it is at
}

// traced has a command's requests traced that its header names. Its spans end
// with its answer, if they have not before.
func (r *request) traced(t *tracing.Tracer, h nats.Header, partition int) {
	parts, now := len(h[tracing.Key]), time.Now()
	if t == nil || parts == 0 || parts > maxSends {
		return
	}
	r.spans = make([]*tracing.Span, parts)
	for i := range r.spans {
		r.spans[i] = t.Remote(tracing.Traceparent(h, i), spanDecide, tracing.Server, now)
		r.spans[i].Number("natter.partition", int64(partition))
	}
	answer := r.answer
	r.answer = func(reply *chatv1.CommandReply) {
		r.decided()
		answer(reply)
	}
}

// asked begins the step of a question whose header says that it is traced.
func (s *Service) asked(h nats.Header, came time.Time) *tracing.Span {
	if s.tracer == nil || h == nil {
		return nil
	}
	return s.tracer.Remote(tracing.Traceparent(h, 0), spanAnswer, tracing.Server, came)
}

// conclude ends that step by what was answered.
func conclude(span *tracing.Span, refused *chatv1.Refusal) {
	if refused != nil {
		span.Fail(refused.GetCode().String())
	}
	span.End()
}

// decided ends the step of deciding.
func (r *request) decided() {
	for _, s := range r.spans {
		s.End()
	}
}

// came notes where the events come from that a part of a command has made: those
// of the record from a place on.
func (b *batch) came(from int, r *request, part int) {
	o := origin{}
	if sends := r.command.GetSends().GetSends(); part < len(sends) {
		o.received = sends[part].GetReceivedUs()
	}
	if part < len(r.spans) {
		o.span = r.spans[part]
	}
	for range len(b.record.GetEvents()) - from {
		b.origins = append(b.origins, o)
	}
}

// named is a context by which a line of the log says of what request a record
// is; of several, of the first.
func (b *batch) named(ctx context.Context) context.Context {
	if events := b.record.GetEvents(); len(events) > 0 {
		ctx = tracing.WithRequest(ctx, events[0].GetCommandId())
	}
	for _, o := range b.origins {
		if o.span != nil {
			return tracing.With(ctx, o.span)
		}
	}
	return ctx
}

// appending begins the step of the append for what is traced of a batch.
func (b *batch) appending(partition int) {
	now := time.Now()
	for i, o := range b.origins {
		if o.span == nil {
			continue
		}
		step := o.span.Child(spanAppend, tracing.Client, now)
		step.Number("natter.partition", int64(partition))
		step.Number("natter.batch.events", int64(len(b.record.GetEvents())))
		step.Number("natter.batch.commands", int64(len(b.answers)))
		b.origins[i].span = step
	}
}

// appended ends that step; fault is why the record is not stored.
func (b *batch) appended(fault string) {
	now := time.Now()
	for _, o := range b.origins {
		if o.span == nil {
			continue
		}
		o.span.Number("natter.sequence", int64(b.record.GetSequence()))
		if fault != "" {
			o.span.Fail(fault)
		}
		o.span.EndAt(now)
	}
}
