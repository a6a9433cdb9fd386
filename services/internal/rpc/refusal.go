package rpc

import (
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// retryAfter is when to come back where a part of the system is away and nobody
// can tell for how long.
const retryAfter = time.Second

// Refuse turns a refusal into the error that a gRPC method returns: the
// nearest status code, the refusal's message, and the refusal as a detail. For
// programs that know google.rpc alone there is a BadRequest beside it where a
// field is at fault, and a RetryInfo where the same call may succeed later. Of
// an INTERNAL one the message is replaced by a plain sentence.
func Refuse(refusal *chatv1.Refusal) error {
	refusal = proto.CloneOf(refusal)
	if statusCode(refusal.GetCode()) == codes.Internal {
		refusal = &chatv1.Refusal{Code: chatv1.ErrorCode_INTERNAL, Message: internalSentence}
	}
	plain := status.New(statusCode(refusal.Code), refusal.Message)
	detailed, err := plain.WithDetails(append([]protoadapt.MessageV1{refusal}, common(refusal)...)...)
	if err != nil {
		return plain.Err()
	}
	return detailed.Err()
}

// common is what a refusal says in the terms that all of gRPC shares.
func common(r *chatv1.Refusal) []protoadapt.MessageV1 {
	var details []protoadapt.MessageV1
	if r.GetField() != "" && statusCode(r.GetCode()) == codes.InvalidArgument {
		details = append(details, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: r.GetField(), Description: r.GetMessage()},
		}})
	}
	wait := time.Duration(r.GetRetryAfterMs()) * time.Millisecond
	if wait == 0 && passes(r.GetCode()) {
		wait = retryAfter
	}
	if wait > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
	}
	return details
}

// passes tells whether a refusal is over by itself; a full room's is not.
func passes(code chatv1.ErrorCode) bool {
	return code == chatv1.ErrorCode_UNAVAILABLE || code == chatv1.ErrorCode_RATE_LIMITED || code == chatv1.ErrorCode_SLOW_MODE
}

// retryable is an error that leaves: one of a part that is away says when to
// come back, whoever made it.
func retryable(s *status.Status) *status.Status {
	if s.Code() != codes.Unavailable {
		return s
	}
	for _, detail := range s.Details() {
		if _, said := detail.(*errdetails.RetryInfo); said {
			return s
		}
	}
	detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)})
	if err != nil {
		return s
	}
	return detailed
}

// RefusalOf is the refusal that an error of a gRPC call holds, or what to tell
// a user of an error without one: UNAVAILABLE where the server could not be
// asked or did not answer in time, INTERNAL else. Nil for nil.
func RefusalOf(err error) *chatv1.Refusal {
	if err == nil {
		return nil
	}
	var held interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &held) {
		return plainRefusal(status.FromContextError(err).Code())
	}
	for _, detail := range held.GRPCStatus().Details() {
		if refusal, ok := detail.(*chatv1.Refusal); ok {
			return refusal
		}
	}
	return plainRefusal(held.GRPCStatus().Code())
}

func plainRefusal(code codes.Code) *chatv1.Refusal {
	switch code {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return &chatv1.Refusal{Code: chatv1.ErrorCode_UNAVAILABLE, Message: "A part of the server is away; try again in a moment."}
	}
	return &chatv1.Refusal{Code: chatv1.ErrorCode_INTERNAL, Message: internalSentence}
}

func statusCode(code chatv1.ErrorCode) codes.Code {
	switch code {
	case chatv1.ErrorCode_BAD_REQUEST, chatv1.ErrorCode_TOO_LARGE:
		return codes.InvalidArgument
	case chatv1.ErrorCode_UNAUTHENTICATED:
		return codes.Unauthenticated
	case chatv1.ErrorCode_FORBIDDEN:
		return codes.PermissionDenied
	case chatv1.ErrorCode_NOT_FOUND:
		return codes.NotFound
	case chatv1.ErrorCode_CONFLICT:
		return codes.AlreadyExists
	case chatv1.ErrorCode_RATE_LIMITED, chatv1.ErrorCode_SLOW_MODE, chatv1.ErrorCode_ROOM_FULL:
		return codes.ResourceExhausted
	case chatv1.ErrorCode_GONE:
		return codes.FailedPrecondition
	case chatv1.ErrorCode_UNAVAILABLE:
		return codes.Unavailable
	}
	return codes.Internal
}
