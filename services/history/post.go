package history

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// Post sends a message as any user, or on behalf of one. What the user may not
// say, the room's writer refuses then, as it would over the WebSocket.
func (q *messageQueries) Post(ctx context.Context, in *historyv1.PostRequest) (*historyv1.PostResponse, error) {
	if !rpc.CallerOf(ctx).Admin {
		return nil, status.Error(codes.PermissionDenied, "only admins post here; users do over the WebSocket")
	}
	if r := room.CheckUser("user", in.GetUser()); r != nil {
		return nil, rpc.Refuse(r)
	}
	reply, err := q.service.do(ctx, &chatv1.Command{
		Actor: &chatv1.Actor{User: in.GetUser(), Name: nameOf(in), Admin: !in.GetAsUser()}, Room: in.GetRoom(),
		Change: &chatv1.Command_Sends{Sends: &chatv1.Sends{Sends: []*chatv1.Send{{ClientMsgId: in.GetClientMsgId(), Text: in.GetText(), Data: in.GetData()}}}},
	})
	if err != nil {
		return nil, err
	}
	result := reply.GetResults()[0]
	q.service.seenAt(ctx, in.GetRoom(), result.GetSeq())
	return &historyv1.PostResponse{Seq: result.GetSeq(), Duplicate: result.GetDuplicate(), Durability: reply.GetDurability()}, nil
}

// nameOf is the author's display name; empty: the room's writer knows it.
func nameOf(in *historyv1.PostRequest) string {
	if in.GetName() == "" && !in.GetAsUser() {
		return in.GetUser()
	}
	return in.GetName()
}
