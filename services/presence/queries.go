package presence

import (
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/presence/fold"
)

// maxUsers of one question.
const maxUsers = 100

// queries answers gRPC.
type queries struct {
	presencev1.UnimplementedPresenceServer
	service *Service
}

// GetUsers tells of the users that the caller shares a room with, and of the
// caller; admins also of those who are not here, when they were last seen.
func (q *queries) GetUsers(ctx context.Context, req *presencev1.GetUsersRequest) (*presencev1.GetUsersResponse, error) {
	caller := rpc.CallerOf(ctx)
	switch {
	case !caller.Admin && caller.User == "":
		return nil, nobody()
	case len(req.GetUsers()) > maxUsers:
		return nil, refuse(chatv1.ErrorCode_TOO_LARGE, "users", "at most 100 users can be asked for at once; ask for the others in another call")
	}
	resp := &presencev1.GetUsersResponse{}
	known := make(chan struct{})
	err := q.service.view(ctx, func(r *replica) {
		for _, user := range req.GetUsers() {
			p := seen(r.fold, caller, user)
			if !p.Visible() && !caller.Admin {
				continue
			}
			m := p.Message(user)
			if !p.Visible() {
				m.LastSeen = r.seen.told(user)
			}
			resp.Users = append(resp.Users, m)
		}
		r.seen.complete(resp.Users, func() { close(known) })
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-known:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	resp.Users = slices.DeleteFunc(resp.Users, func(u *clientv1.ServerFrame_UserPresence) bool {
		return u.GetState() == clientv1.PresenceState_OFFLINE && u.LastSeen == nil
	})
	return resp, nil
}

// seen is what the caller may see of the user: of themselves more than others
// do.
func seen(f *fold.Fold, caller rpc.Caller, user string) fold.Presence {
	switch {
	case user == caller.User:
		return f.Own(user)
	case caller.Admin || f.Share(caller.User, user):
		return f.User(user)
	}
	return fold.Presence{}
}

// ListRoom tells who is here, to those who are and to admins.
func (q *queries) ListRoom(ctx context.Context, req *presencev1.ListRoomRequest) (*presencev1.ListRoomResponse, error) {
	caller, room := rpc.CallerOf(ctx), req.GetRoom()
	if err := mayAsk(caller, room); err != nil {
		return nil, err
	}
	whole, err := q.whole(ctx, caller, room)
	if err != nil {
		return nil, err
	}
	return &presencev1.ListRoomResponse{Room: whole, Time: timestamppb.Now()}, nil
}

func mayAsk(caller rpc.Caller, room string) error {
	switch {
	case !caller.Admin && caller.User == "":
		return nobody()
	case room == "":
		return refuse(chatv1.ErrorCode_BAD_REQUEST, "room", "name the room")
	}
	return nil
}

// whole is the room as its owner tells it, for one who may see it.
func (q *queries) whole(ctx context.Context, caller rpc.Caller, room string) (*presencev1.RoomChanges, error) {
	var whole *presencev1.RoomChanges
	allowed := caller.Admin
	err := q.service.view(ctx, func(r *replica) {
		allowed = allowed || r.fold.Member(room, caller.User)
		if r.owns(room) {
			whole = r.batches.Whole(r.fold, room)
		}
	})
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, notHere()
	}
	if whole == nil {
		whole = &presencev1.RoomChanges{}
		if q.service.request(ctx, subject.PresencePeers, &presencev1.Peer{Replica: q.service.name, Ask: &room}, whole) != nil {
			return nil, away("the replica that owns this room does not answer; try again")
		}
	}
	return whole, nil
}

// view lets look at the replica once it knows everybody.
func (s *Service) view(ctx context.Context, look func(*replica)) error {
	knows, done := false, make(chan struct{})
	view := func(r *replica) {
		defer close(done)
		if knows = r.owning; knows {
			look(r)
		}
	}
	select {
	case s.box.views <- view:
		<-done
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ended:
	}
	if !knows {
		return away("presence is still learning who is here; try again in a moment")
	}
	return nil
}

func notHere() error {
	return refuse(chatv1.ErrorCode_NOT_FOUND, "room", "there is no such room, or you are not here in it")
}

func nobody() error {
	return refuse(chatv1.ErrorCode_FORBIDDEN, "", "name the user for whom you ask in the metadata natter-user")
}

func refuse(code chatv1.ErrorCode, field, message string) error {
	refusal := &chatv1.Refusal{Code: code, Message: message}
	if field != "" {
		refusal.Field = &field
	}
	return rpc.Refuse(refusal)
}

func away(message string) error {
	wait := uint32(learnTime / time.Millisecond)
	return rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_UNAVAILABLE, Message: message, RetryAfterMs: &wait})
}
