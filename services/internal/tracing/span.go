package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Kind of a span, as OpenTelemetry has them.
type Kind trace.SpanKind

const (
	// Internal to a process.
	Internal = Kind(trace.SpanKindInternal)
	// Server answers somebody.
	Server = Kind(trace.SpanKindServer)
	// Client waits for another's answer.
	Client = Kind(trace.SpanKindClient)
	// Producer sends what nobody answers, and Consumer takes it.
	Producer = Kind(trace.SpanKindProducer)
	Consumer = Kind(trace.SpanKindConsumer)
)

// Span is one step of a traced request. Nil: the request is not traced, and
// every method does nothing. Safe for concurrent use.
type Span struct {
	tracer *Tracer
	parent context.Context // of its children
	span   trace.Span
}

// Child begins a step that this one causes, at a time.
func (s *Span) Child(name string, kind Kind, at time.Time) *Span {
	if s == nil {
		return nil
	}
	return s.tracer.begin(s.parent, name, kind, at)
}

// Number says something of the span.
func (s *Span) Number(key string, value int64) {
	if s != nil {
		s.span.SetAttributes(attribute.Int64(key, value))
	}
}

// Text says something of the span; never what a person wrote.
func (s *Span) Text(key, value string) {
	if s != nil {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// Fail marks the span as one of a request that failed, by a code.
func (s *Span) Fail(code string) {
	if s != nil {
		s.span.SetStatus(codes.Error, code)
	}
}

// End ends the span now.
func (s *Span) End() {
	if s != nil {
		s.span.End()
	}
}

// EndAt ends the span at a time.
func (s *Span) EndAt(at time.Time) {
	if s != nil {
		s.span.End(trace.WithTimestamp(at))
	}
}

// TraceID in hexadecimal; empty for nil.
func (s *Span) TraceID() string {
	if s == nil {
		return ""
	}
	return s.span.SpanContext().TraceID().String()
}

type spanKey struct{}

// With puts a span into a context; nil changes nothing.
func With(ctx context.Context, s *Span) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, spanKey{}, s)
}

// Of is the span of a context; nil: none.
func Of(ctx context.Context) *Span {
	s, _ := ctx.Value(spanKey{}).(*Span)
	return s
}
