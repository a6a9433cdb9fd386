// Package tracing follows one request through the services, by OpenTelemetry.
//
// A [Tracer] decides by itself which requests are traced, before anything is
// made of one: a nil Tracer and a nil [Span] do nothing, so a program that
// does not trace, and a request that is not traced, pay a comparison. Spans go
// to a collector by OTLP, from a queue that is bounded: a collector that is away
// costs spans, never a request.
//
// What may be said of a span: rooms by their id, numbers, kinds, codes. Never
// what people wrote, nor who they are, nor anything that opens a door.
package tracing
