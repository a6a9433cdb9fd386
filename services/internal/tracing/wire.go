package tracing

import (
	"context"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const (
	// Key of a traceparent in the headers of NATS and the metadata of gRPC.
	Key = "traceparent"
	// RequestKey of a request's name in the headers of NATS.
	RequestKey = "natter-request-id"
	// untraced stands in place of a traceparent.
	untraced = "-"
)

// Traceparent is the span as W3C Trace Context writes it; empty for nil.
func (s *Span) Traceparent() string {
	if s == nil {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(s.parent, carrier)
	return carrier[Key]
}

func parse(traceparent string) trace.SpanContext {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{Key: traceparent})
	return trace.SpanContextFromContext(ctx)
}

// Header tells of spans in a message of NATS: a value for each part of the
// message, in order, "-" where a part is not traced. Nil where none is: then
// the message needs no header.
func Header(spans []*Span) nats.Header {
	var values []string
	for i, s := range spans {
		if s == nil {
			continue
		}
		for len(values) < i {
			values = append(values, untraced)
		}
		values = append(values, s.Traceparent())
	}
	if values == nil {
		return nil
	}
	return nats.Header{Key: values}
}

// Named is a header that also says which request a message is of; an empty name
// changes nothing.
func Named(h nats.Header, request string) nats.Header {
	if request == "" {
		return h
	}
	if h == nil {
		h = nats.Header{}
	}
	h[RequestKey] = []string{request}
	return h
}

// RequestOf is the name of the request that a message is of; empty: not said.
func RequestOf(h nats.Header) string {
	if values := h[RequestKey]; len(values) > 0 && len(values[0]) <= maxRequest {
		return values[0]
	}
	return ""
}

// maxRequest bounds the name of a request, in bytes.
const maxRequest = 64

// Traceparent of one part of a message; empty: not traced.
func Traceparent(h nats.Header, part int) string {
	values := h[Key]
	if part >= len(values) || values[part] == untraced {
		return ""
	}
	return values[part]
}
