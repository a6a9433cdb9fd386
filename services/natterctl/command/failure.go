package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Exit codes.
const (
	// ExitDone: it was done.
	ExitDone = 0
	// ExitRefused: the server refused, or something failed here.
	ExitRefused = 1
	// ExitUsage: the command line is wrong; nothing was asked.
	ExitUsage = 2
	// ExitUnavailable: no answer; it may or may not have been done.
	ExitUnavailable = 3
	// ExitPartly: it was done in part, or something is wrong with what was looked
	// at: a gateway did not answer, a service has trouble, a message was lost.
	ExitPartly = 4
)

// Advised is an error that knows what to do next.
type Advised struct {
	Err error
	// Next is a sentence for a person.
	Next string
	// Exit code; 0: the one that Err comes to.
	Exit int
}

func (a *Advised) Error() string { return a.Err.Error() }
func (a *Advised) Unwrap() error { return a.Err }

// Fail tells a person what went wrong and what to do, and returns the exit
// code.
func Fail(w io.Writer, err error, addr string) int {
	refusal, exit := refusalOf(err, addr)
	if refusal == nil {
		fmt.Fprintf(w, "natterctl: %s\n", Clean(err.Error()))
	} else {
		fmt.Fprintf(w, "natterctl: %s%s: %s\n", refusal.GetCode(), at(refusal), Clean(refusal.GetMessage()))
	}
	if next := nextStep(err, refusal); next != "" {
		fmt.Fprintf(w, "Next: %s\n", next)
	}
	var advised *Advised
	if errors.As(err, &advised) && advised.Exit != 0 {
		return advised.Exit
	}
	return exit
}

func at(r *chatv1.Refusal) string {
	if r.GetField() == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", Clean(r.GetField()))
}

// refusalOf is what the server refused, or what it comes to that there is no
// answer; nil for errors of this program.
func refusalOf(err error, addr string) (*chatv1.Refusal, int) {
	var answer interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &answer) {
		return nil, ExitRefused
	}
	st := answer.GRPCStatus()
	if r := told(st); r != nil {
		return r, exitOf(r.GetCode())
	}
	r := &chatv1.Refusal{Code: codeOf(st.Code()), Message: st.Message()}
	switch st.Code() {
	case codes.Unavailable:
		r.Message = fmt.Sprintf("no answer from %s: %s", addr, innermost(st.Message()))
	case codes.DeadlineExceeded, codes.Canceled:
		r.Message = fmt.Sprintf("no answer from %s in time", addr)
	case codes.Unimplemented:
		r.Message = fmt.Sprintf("%s does not offer this: %s", addr, st.Message())
	}
	return r, exitOf(r.Code)
}

// told is the refusal that a server gives with a status; nil: none, as where an
// admin's token does not open a method.
func told(st *status.Status) *chatv1.Refusal {
	for _, detail := range st.Details() {
		if r, ok := detail.(*chatv1.Refusal); ok {
			return r
		}
	}
	return nil
}

// innermost is the cause in gRPC's account of a failed connection.
func innermost(message string) string {
	const mark = "desc = "
	if i := strings.LastIndex(message, mark); i >= 0 {
		message = strings.Trim(message[i+len(mark):], `"`)
	}
	return strings.TrimPrefix(message, "transport: ")
}

func exitOf(code chatv1.ErrorCode) int {
	if code == chatv1.ErrorCode_UNAVAILABLE {
		return ExitUnavailable
	}
	return ExitRefused
}

// codeOf is the nearest code for a status without a refusal.
func codeOf(code codes.Code) chatv1.ErrorCode {
	switch code {
	case codes.Unauthenticated:
		return chatv1.ErrorCode_UNAUTHENTICATED
	case codes.PermissionDenied:
		return chatv1.ErrorCode_FORBIDDEN
	case codes.NotFound, codes.Unimplemented:
		return chatv1.ErrorCode_NOT_FOUND
	case codes.InvalidArgument:
		return chatv1.ErrorCode_BAD_REQUEST
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return chatv1.ErrorCode_UNAVAILABLE
	}
	return chatv1.ErrorCode_INTERNAL
}

// nextStep is what a person can do about it.
func nextStep(err error, r *chatv1.Refusal) string {
	var advised *Advised
	switch {
	case errors.As(err, &advised):
		return advised.Next
	case status.Code(err) == codes.Unimplemented:
		return "where the services run apart, each has an address: --history-addr, --presence-addr, --gateway-addr. If it has, it is of an older version than natterctl."
	case errors.Is(err, context.Canceled) || r == nil:
		return ""
	case status.Code(err) == codes.PermissionDenied && told(status.Convert(err)) == nil:
		return "use an admin token that has the scope; natterctl secrets admin-token makes one."
	case r.GetRetryAfterMs() > 0:
		return fmt.Sprintf("try again in %s.", time.Duration(r.GetRetryAfterMs())*time.Millisecond)
	}
	return stepOf(r)
}

func stepOf(r *chatv1.Refusal) string {
	switch r.GetCode() {
	case chatv1.ErrorCode_UNAUTHENTICATED:
		return "give the server's admin token with NATTER_ADMIN_TOKEN, NATTER_ADMIN_TOKEN_FILE or --token-file."
	case chatv1.ErrorCode_FORBIDDEN:
		if r.GetField() == "force" {
			return "do that, or repeat with --force."
		}
		return "" // a user's right, and the message says which
	case chatv1.ErrorCode_NOT_FOUND:
		return "see what is there: natterctl " + listing(r.GetField())
	case chatv1.ErrorCode_BAD_REQUEST, chatv1.ErrorCode_TOO_LARGE:
		return "mend what is named and repeat; the command's --help says what it takes."
	case chatv1.ErrorCode_CONFLICT:
		return "choose another id, or look at what has this one."
	case chatv1.ErrorCode_UNAVAILABLE:
		return "see that natter runs there and is ready (/readyz), or name another with --addr; then repeat."
	case chatv1.ErrorCode_INTERNAL:
		return "read the server's log; it says what went wrong."
	}
	return ""
}

// listing is the command that tells what there is of what a field names.
func listing(field string) string {
	switch field {
	case "id":
		return "webhook list"
	case "gateway":
		return "gateway list"
	case "seq":
		return "message list ROOM"
	}
	return "room list"
}
