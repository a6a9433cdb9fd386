package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// TestRefusalCrossesTheWire whole, whatever its code.
func TestRefusalCrossesTheWire(t *testing.T) {
	var refusal *chatv1.Refusal
	_, addr := serve(t, tokens(), func(context.Context) (string, error) { return "", rpc.Refuse(refusal) })
	conn := dial(t, addr, serviceToken, config.TLS{})
	for number, name := range chatv1.ErrorCode_name {
		code := chatv1.ErrorCode(number)
		refusal = &chatv1.Refusal{Code: code, Message: "The sentence of " + name + ".", Field: proto.String("room"), RetryAfterMs: proto.Uint32(50)}
		_, err := call(t.Context(), conn)
		got := rpc.RefusalOf(fmt.Errorf("list rooms: %w", err))
		if code == chatv1.ErrorCode_INTERNAL || code == chatv1.ErrorCode_ERROR_CODE_UNSPECIFIED {
			if got.GetCode() != chatv1.ErrorCode_INTERNAL || got.GetMessage() == refusal.Message || status.Code(err) != codes.Internal {
				t.Errorf("%s arrives as %v", name, got)
			}
			continue
		}
		if !proto.Equal(got, refusal) {
			t.Errorf("%s arrives as %v", name, got)
		}
		if s := status.Convert(err); s.Code() == codes.OK || s.Code() == codes.Unknown || s.Code() == codes.Internal || s.Message() != refusal.Message {
			t.Errorf("%s has the status %v", name, s)
		}
	}
}

// TestRefusalForProgramsOfAllKinds: what is at fault and when to come back is
// there in gRPC's own terms, too.
func TestRefusalForProgramsOfAllKinds(t *testing.T) {
	for _, c := range []struct {
		name    string
		refusal *chatv1.Refusal
		field   string
		wait    time.Duration
	}{
		{"a field", &chatv1.Refusal{Code: chatv1.ErrorCode_BAD_REQUEST, Message: "m", Field: proto.String("room")}, "room", 0},
		{"a large field", &chatv1.Refusal{Code: chatv1.ErrorCode_TOO_LARGE, Message: "m", Field: proto.String("text")}, "text", 0},
		{"no field", &chatv1.Refusal{Code: chatv1.ErrorCode_BAD_REQUEST, Message: "m"}, "", 0},
		{"a field that is well formed", &chatv1.Refusal{Code: chatv1.ErrorCode_NOT_FOUND, Message: "m", Field: proto.String("user")}, "", 0},
		{"a rate", &chatv1.Refusal{Code: chatv1.ErrorCode_RATE_LIMITED, Message: "m", RetryAfterMs: proto.Uint32(1500)}, "", 1500 * time.Millisecond},
		{"a rate that does not say for how long", &chatv1.Refusal{Code: chatv1.ErrorCode_RATE_LIMITED, Message: "m"}, "", time.Second},
		{"slow mode that does not, either", &chatv1.Refusal{Code: chatv1.ErrorCode_SLOW_MODE, Message: "m"}, "", time.Second},
		{"a full room, which may be full for ever", &chatv1.Refusal{Code: chatv1.ErrorCode_ROOM_FULL, Message: "m"}, "", 0},
		{"away", &chatv1.Refusal{Code: chatv1.ErrorCode_UNAVAILABLE, Message: "m"}, "", time.Second},
		{"away for a known time", &chatv1.Refusal{Code: chatv1.ErrorCode_UNAVAILABLE, Message: "m", RetryAfterMs: proto.Uint32(200)}, "", 200 * time.Millisecond},
	} {
		field, wait := "", time.Duration(0)
		err := rpc.Refuse(c.refusal)
		for _, detail := range status.Convert(err).Details() {
			switch d := detail.(type) {
			case *errdetails.BadRequest:
				field = d.GetFieldViolations()[0].GetField()
				if d.GetFieldViolations()[0].GetDescription() != "m" {
					t.Errorf("%s: described as %v", c.name, d)
				}
			case *errdetails.RetryInfo:
				wait = d.GetRetryDelay().AsDuration()
			}
		}
		if field != c.field || wait != c.wait {
			t.Errorf("%s: field %q and %v, want %q and %v", c.name, field, wait, c.field, c.wait)
		}
		if got := rpc.RefusalOf(err); !proto.Equal(got, c.refusal) {
			t.Errorf("%s arrives as %v", c.name, got)
		}
	}
}

func TestRefusalOfOtherErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want chatv1.ErrorCode
	}{
		{status.Error(codes.Unavailable, "connection refused 10.0.0.1"), chatv1.ErrorCode_UNAVAILABLE},
		{fmt.Errorf("x: %w", status.Error(codes.DeadlineExceeded, "x")), chatv1.ErrorCode_UNAVAILABLE},
		{context.DeadlineExceeded, chatv1.ErrorCode_UNAVAILABLE},
		{fmt.Errorf("x: %w", context.Canceled), chatv1.ErrorCode_UNAVAILABLE},
		{status.Error(codes.Unauthenticated, "the service token is wrong"), chatv1.ErrorCode_INTERNAL},
		{status.Error(codes.Unimplemented, "x"), chatv1.ErrorCode_INTERNAL},
		{errors.New("x"), chatv1.ErrorCode_INTERNAL},
		{io.EOF, chatv1.ErrorCode_INTERNAL},
	} {
		got := rpc.RefusalOf(c.err)
		if got.GetCode() != c.want || got.GetMessage() == "" || got.GetMessage() == c.err.Error() {
			t.Errorf("RefusalOf(%v) = %v", c.err, got)
		}
	}
	if got := rpc.RefusalOf(nil); got != nil {
		t.Errorf("RefusalOf(nil) = %v", got)
	}
}
