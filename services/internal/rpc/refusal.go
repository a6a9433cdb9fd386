package rpc

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Refuse turns a refusal into the error that a gRPC method returns: the
// nearest status code, the refusal's message, and the refusal as a detail. Of
// an INTERNAL one the message is replaced by a plain sentence.
func Refuse(refusal *chatv1.Refusal) error {
	refusal = proto.CloneOf(refusal)
	if statusCode(refusal.GetCode()) == codes.Internal {
		refusal = &chatv1.Refusal{Code: chatv1.ErrorCode_INTERNAL, Message: internalSentence}
	}
	plain := status.New(statusCode(refusal.Code), refusal.Message)
	detailed, err := plain.WithDetails(refusal)
	if err != nil {
		return plain.Err()
	}
	return detailed.Err()
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
