package history

import (
	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// request is a command and the way back to who sent it.
type request struct {
	command *chatv1.Command
	answer  func(*chatv1.CommandReply)
}

// question is an ask and the way back to who asked.
type question struct {
	ask    *chatv1.Ask
	answer func(*chatv1.AskReply)
}

// respond answers a message; a reply that cannot be sent is covered by the
// asker's retry.
func respond[M proto.Message](msg *nats.Msg) func(M) {
	return func(reply M) {
		if data, err := proto.Marshal(reply); err == nil {
			_ = natsx.Respond(msg, data)
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
