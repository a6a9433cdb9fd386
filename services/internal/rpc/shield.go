package rpc

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// internalSentence is all that a caller learns of a fault inside.
const internalSentence = "Something went wrong on the server; its log says what."

// Because is an error for the caller, such as of [Refuse], with its cause, which
// is logged and kept inside.
func Because(told, cause error) error { return &because{told: told, cause: cause} }

type because struct{ told, cause error }

func (b *because) Error() string              { return b.told.Error() }
func (b *because) Unwrap() error              { return b.told }
func (b *because) GRPCStatus() *status.Status { return status.Convert(b.told) }

// shield keeps faults inside: a panic or an error that is not meant for the
// caller is logged, and leaves as INTERNAL with a plain sentence.
type shield struct{ log *slog.Logger }

func (s shield) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (reply any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			reply, err = nil, s.panicked(ctx, info.FullMethod, cause)
		}
	}()
	reply, err = next(ctx, req)
	return reply, s.outward(ctx, info.FullMethod, err)
}

func (s shield) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = s.panicked(stream.Context(), info.FullMethod, cause)
		}
	}()
	return s.outward(stream.Context(), info.FullMethod, next(srv, stream))
}

func (s shield) panicked(ctx context.Context, method string, cause any) error {
	s.log.ErrorContext(ctx, "a gRPC method panicked", "method", method, "panic", cause, "stack", string(debug.Stack()))
	return status.Error(codes.Internal, internalSentence)
}

// outward is the error as the caller may see it.
func (s shield) outward(ctx context.Context, method string, err error) error {
	if err == nil {
		return nil
	}
	var inside *because
	if errors.As(err, &inside) {
		s.log.WarnContext(ctx, "a gRPC method was refused, since something is amiss", "method", method, "error", inside.cause)
	}
	var meant interface{ GRPCStatus() *status.Status }
	switch {
	case errors.As(err, &meant):
		return retryable(meant.GRPCStatus()).Err()
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "The call was cancelled.")
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "The call took too long.")
	}
	s.log.ErrorContext(ctx, "a gRPC method failed", "method", method, "error", err)
	return status.Error(codes.Internal, internalSentence)
}
