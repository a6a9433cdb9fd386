package history

import (
	"context"
	"crypto/rand"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// roomQueries is natter.history.v1.Rooms.
type roomQueries struct {
	historyv1.UnimplementedRoomsServer
	service *Service
}

// Create makes a room, by way of its owner.
func (q *roomQueries) Create(ctx context.Context, in *historyv1.CreateRequest) (*historyv1.CreateResponse, error) {
	if !rpc.CallerOf(ctx).Admin {
		return nil, status.Error(codes.PermissionDenied, "only admins create rooms here; users do over the WebSocket")
	}
	if in.GetOwner() != "" {
		if r := room.CheckUser("owner", in.GetOwner()); r != nil {
			return nil, rpc.Refuse(r)
		}
	}
	id := in.GetRoom()
	if id == "" {
		id = strings.ToLower(rand.Text())
	}
	_, err := q.service.do(ctx, &chatv1.Command{
		Actor: creator(in.GetOwner()), Room: id,
		Change: &chatv1.Command_Create{Create: &chatv1.CreateRoom{Name: in.GetName(), Kind: in.GetKind(), Topic: in.GetTopic(), Members: in.GetMembers()}},
	})
	if err != nil {
		return nil, err
	}
	info, _, err := q.service.readable(ctx, id, 1)
	return &historyv1.CreateResponse{Room: info}, err
}

// operator is who makes the rooms that nobody owns.
const operator = "natter"

func creator(owner string) *chatv1.Actor {
	if owner == "" {
		return &chatv1.Actor{User: operator, Name: operator, Admin: true}
	}
	return &chatv1.Actor{User: owner, Name: owner}
}

// Get tells of one room.
func (q *roomQueries) Get(ctx context.Context, in *historyv1.GetRequest) (*historyv1.GetResponse, error) {
	info, member, err := q.service.readable(ctx, in.GetRoom(), 0)
	if err != nil {
		return nil, err
	}
	return &historyv1.GetResponse{Room: info, Member: member, Retention: q.service.cfg.retention().of(info.Retention).told()}, nil
}

// List tells of rooms by id.
func (q *roomQueries) List(ctx context.Context, in *historyv1.ListRequest) (*historyv1.ListResponse, error) {
	if len(in.GetQuery()) > 128 {
		return nil, rpc.Refuse(badField("query", "a query has at most 128 bytes"))
	}
	if r := checkCursor(in.GetCursor()); r != nil {
		return nil, rpc.Refuse(r)
	}
	caller := rpc.CallerOf(ctx)
	n := limit(in.GetLimit())
	rooms, err := q.service.store.Rooms(ctx, store.RoomQuery{
		User: caller.User, Admin: caller.Admin, Text: in.GetQuery(), After: in.GetCursor(), Limit: n + 1,
	})
	if err != nil {
		return nil, q.service.storeError(err)
	}
	out := &historyv1.ListResponse{Rooms: rooms}
	if len(rooms) > n {
		out.Rooms, out.Cursor = rooms[:n], rooms[n-1].GetRoom()
	}
	if err := q.service.asSeen(ctx, caller.User, out.GetRooms()); err != nil {
		return nil, q.service.storeError(err)
	}
	return out, nil
}

// ListMembers tells of a room's members by user id.
func (q *roomQueries) ListMembers(ctx context.Context, in *historyv1.ListMembersRequest) (*historyv1.ListMembersResponse, error) {
	if r := checkCursor(in.GetCursor()); r != nil {
		return nil, rpc.Refuse(r)
	}
	if _, _, err := q.service.readable(ctx, in.GetRoom(), in.GetMinSeq()); err != nil {
		return nil, err
	}
	n := limit(in.GetLimit())
	members, err := q.service.store.Members(ctx, in.GetRoom(), in.GetCursor(), n+1)
	if err != nil {
		return nil, q.service.storeError(err)
	}
	out := &historyv1.ListMembersResponse{Members: members}
	if len(members) > n {
		out.Members, out.Cursor = members[:n], members[n-1].GetUser()
	}
	return out, nil
}
