package token

import "errors"

// ErrExpired is in the chain of an [Error] about a token that was good once.
var ErrExpired = errors.New("the token has expired")

// Error says why a token or a name was refused.
type Error struct {
	// Field at fault: "token" or "name".
	Field string
	// Message for a person. It holds nothing of the token but its claims' names.
	Message string
	// Err is the cause, if there is one to match.
	Err error
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

func invalid(field, message string, cause error) error {
	return &Error{Field: field, Message: message, Err: cause}
}
