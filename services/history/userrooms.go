package history

import (
	"context"

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
	if err := q.service.asSeen(ctx, in.GetUser(), out.GetRooms()); err != nil {
		return nil, q.service.storeError(err)
	}
	return out, nil
}
