package rpc

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/natter-chat/natter/services/internal/tracing"
)

// tracer names the calls that a server answers, and traces those whose callers trace
// them, and of the others the tracer's share. It comes behind the guard, so
// that a stranger cannot have anything traced.
type tracer struct{ spans *tracing.Tracer }

func (t tracer) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	ctx = named(ctx)
	span := t.begin(ctx, info.FullMethod)
	traced(ctx, span)
	if span == nil {
		return next(ctx, req)
	}
	reply, err := next(tracing.With(ctx, span), req)
	end(span, err)
	return reply, err
}

func (t tracer) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	ctx := named(stream.Context())
	span := t.begin(ctx, info.FullMethod)
	traced(ctx, span)
	err := next(srv, &spanned{ServerStream: stream, ctx: tracing.With(ctx, span)})
	end(span, err)
	return err
}

// spanned is a stream below a span.
type spanned struct {
	grpc.ServerStream
	ctx context.Context
}

func (t *spanned) Context() context.Context { return t.ctx }

// named has the context of a call name its request: as the audit does, or the
// caller, or anew.
func named(ctx context.Context) context.Context {
	if tracing.Request(ctx) != "" {
		return ctx
	}
	md, _ := metadata.FromIncomingContext(ctx)
	if given := md.Get(requestKey); len(given) == 1 && len(given[0]) <= maxRequest {
		return tracing.WithRequest(ctx, given[0])
	}
	return tracing.WithRequest(ctx, rand.Text())
}

// maxRequest bounds the name of a request, in bytes.
const maxRequest = 64

func (t tracer) begin(ctx context.Context, method string) *tracing.Span {
	if t.spans == nil || strings.HasPrefix(method, healthPrefix) || strings.HasPrefix(method, reflectionPrefix) {
		return nil
	}
	md, _ := metadata.FromIncomingContext(ctx)
	if given := md.Get(tracing.Key); len(given) == 1 {
		return t.spans.Remote(given[0], method, tracing.Server, time.Now())
	}
	return t.spans.Root(method, tracing.Server, time.Now())
}

// calling is the context of a client's call: it names the request, and has the
// call's own span, below that of the request; nil: the request is not traced.
func calling(ctx context.Context, method string) (context.Context, *tracing.Span) {
	if id := tracing.Request(ctx); id != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, requestKey, id)
	}
	span := tracing.Of(ctx).Child(method, tracing.Client, time.Now())
	if span == nil {
		return ctx, nil
	}
	return metadata.AppendToOutgoingContext(ctx, tracing.Key, span.Traceparent()), span
}

func callUnary(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, options ...grpc.CallOption) error {
	ctx, span := calling(ctx, method)
	err := next(ctx, method, req, reply, conn, options...)
	end(span, err)
	return err
}

// callStream traces the beginning of a stream alone: it may last for days.
func callStream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, next grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, span := calling(ctx, method)
	stream, err := next(ctx, desc, conn, method, options...)
	end(span, err)
	return stream, err
}

func end(span *tracing.Span, err error) {
	if code := status.Code(err); code != codes.OK {
		span.Fail(code.String())
	}
	span.End()
}
