package room

import (
	"fmt"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// refuse builds a refusal that a person can act on.
func refuse(code chatv1.ErrorCode, format string, args ...any) *chatv1.Refusal {
	return &chatv1.Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

// badField refuses a request for one of its fields.
func badField(field, format string, args ...any) *chatv1.Refusal {
	return withField(refuse(chatv1.ErrorCode_BAD_REQUEST, format, args...), field)
}

func withField(r *chatv1.Refusal, field string) *chatv1.Refusal {
	r.Field = &field
	return r
}

// tooLarge refuses a field over its limit.
func tooLarge(field string, size, limit int) *chatv1.Refusal {
	return withField(refuse(chatv1.ErrorCode_TOO_LARGE, "%s has %d bytes; at most %d are allowed", field, size, limit), field)
}

// NotFound is the one answer for a room that is not there and for one that
// the asker may not see: the two cannot be told apart.
func NotFound() *chatv1.Refusal {
	return refuse(chatv1.ErrorCode_NOT_FOUND, "there is no such room, or you may not see it")
}
