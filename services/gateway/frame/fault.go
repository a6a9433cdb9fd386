package frame

import (
	"fmt"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Fault says why a frame is no request that could be done.
type Fault struct {
	// Re is the frame's id, 0 where it has none that can be read.
	Re uint32
	// Code is BAD_REQUEST or TOO_LARGE.
	Code chatv1.ErrorCode
	// Field of the request that is at fault, in lowerCamelCase; may be empty.
	Field string
	// Message says to a person what to mend.
	Message string
}

// Error makes a Fault an error.
func (f *Fault) Error() string {
	if f.Field == "" {
		return f.Message
	}
	return f.Field + ": " + f.Message
}

func bad(field, format string, args ...any) *Fault {
	return &Fault{Code: chatv1.ErrorCode_BAD_REQUEST, Field: field, Message: fmt.Sprintf(format, args...)}
}

func tooLarge(field string, have, most int, unit string) *Fault {
	return &Fault{
		Code: chatv1.ErrorCode_TOO_LARGE, Field: field,
		Message: fmt.Sprintf("%s has %d %s; at most %d are taken", field, have, unit, most),
	}
}
