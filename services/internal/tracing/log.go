package tracing

import (
	"context"
	"log/slog"
)

type requestKey struct{}

// WithRequest names the request that a context is of.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// Request is the name of the request that a context is of; empty: of none.
func Request(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// Logs adds to each line that is logged with the context of a request the
// request's name, and its trace where it is traced.
func Logs(h slog.Handler) slog.Handler { return lines{h} }

type lines struct{ slog.Handler }

func (l lines) Handle(ctx context.Context, r slog.Record) error {
	if id := Request(ctx); id != "" {
		r.AddAttrs(slog.String("request", id))
	}
	if trace := Of(ctx).TraceID(); trace != "" {
		r.AddAttrs(slog.String("trace", trace))
	}
	return l.Handler.Handle(ctx, r)
}

func (l lines) WithAttrs(attrs []slog.Attr) slog.Handler { return lines{l.Handler.WithAttrs(attrs)} }
func (l lines) WithGroup(name string) slog.Handler       { return lines{l.Handler.WithGroup(name)} }
