package natsx

import (
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// ErrNoInbox says that a request asked for its answer somewhere else than in
// an inbox.
var ErrNoInbox = errors.New("natsx: the request's reply subject is no inbox")

// Respond answers a request. Every service answers through it, or behind
// [Inboxed]: the asker names the subject that the answer goes to, and nothing
// but this keeps a hostile one from naming a stream's, to which the asker may
// not publish and the service may.
func Respond(request *nats.Msg, data []byte) error {
	if !isInbox(request.Reply) {
		return ErrNoInbox
	}
	return request.Respond(data)
}

// Inboxed keeps requests from a handler that [Respond] would not answer.
func Inboxed(handler micro.Handler) micro.Handler {
	return micro.HandlerFunc(func(request micro.Request) {
		if isInbox(request.Reply()) {
			handler.Handle(request)
		}
	})
}

func isInbox(reply string) bool { return strings.HasPrefix(reply, "_INBOX.") }
