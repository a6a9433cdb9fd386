package history

import (
	"context"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// request is a command and the way back to who sent it.
type request struct {
	command *chatv1.Command
	answer  func(*chatv1.CommandReply)
	spans   []*tracing.Span // of its parts that are traced; nil: none
	name    string          // of the request that it is of, for the log; empty: its id
}

// named is a context by which a line of the log says what request it is of.
func (r *request) named(ctx context.Context) context.Context {
	name := r.name
	if name == "" {
		name = r.command.GetId()
	}
	ctx = tracing.WithRequest(ctx, name)
	for _, s := range r.spans {
		if s != nil {
			return tracing.With(ctx, s)
		}
	}
	return ctx
}

// question is an ask and the way back to who asked.
type question struct {
	ask    *chatv1.Ask
	answer func(*chatv1.AskReply)
}

// byNATS is a request that came by NATS. A reply that cannot be sent is covered
// by the asker's retry.
func byNATS(msg *nats.Msg) direct.Request {
	return direct.Request{Header: msg.Header, Data: msg.Data, Respond: func(data []byte) { _ = natsx.Respond(msg, data) }}
}

// respond answers a request.
func respond[M proto.Message](r direct.Request) func(M) {
	return func(reply M) {
		if data, err := proto.Marshal(reply); err == nil {
			r.Respond(data)
		}
	}
}

func unavailable(message string) *chatv1.Refusal {
	return &chatv1.Refusal{Code: chatv1.ErrorCode_UNAVAILABLE, Message: message}
}

func badRequest(message string) *chatv1.Refusal {
	return &chatv1.Refusal{Code: chatv1.ErrorCode_BAD_REQUEST, Message: message}
}

func refusedCommand(r *chatv1.Refusal) *chatv1.CommandReply { return &chatv1.CommandReply{Refusal: r} }
