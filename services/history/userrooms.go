package history

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// ListRooms tells of the rooms that a user is a member of.
func (q *userQueries) ListRooms(ctx context.Context, in *historyv1.ListRoomsRequest) (*historyv1.ListRoomsResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	r := room.CheckUser("user", in.GetUser())
	if r == nil {
		r = checkCursor(in.GetCursor())
	}
	if r != nil {
		return nil, rpc.Refuse(r)
	}
	n := limit(in.GetLimit())
	rooms, err := q.service.store.Rooms(ctx, store.RoomQuery{User: in.GetUser(), Mine: true, After: in.GetCursor(), Limit: n + 1})
	if err != nil {
		return nil, q.service.storeError(err)
	}
	out := &historyv1.ListRoomsResponse{Rooms: rooms}
	if len(rooms) > n {
		out.Rooms, out.Cursor = rooms[:n], rooms[n-1].GetRoom()
	}
	for _, r := range out.GetRooms() {
		if err := q.nameDirect(ctx, in.GetUser(), r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// nameDirect calls a direct room by whom it is with.
func (q *userQueries) nameDirect(ctx context.Context, user string, r *chatv1.RoomView) error {
	if r.GetKind() != chatv1.RoomKind_DIRECT {
		return nil
	}
	members, err := q.service.store.Members(ctx, r.GetRoom(), "", 2)
	if err != nil {
		return q.service.storeError(err)
	}
	for _, m := range members {
		if m.GetUser() != user {
			r.Name = m.GetName()
		}
	}
	return nil
}
