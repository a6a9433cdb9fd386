package natterctl

import (
	"context"
	"slices"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// roomsFixture is the fixture's rooms: the services share method names.
type roomsFixture struct {
	historyv1.UnimplementedRoomsServer
	*fixture
}

func (f roomsFixture) Create(ctx context.Context, req *historyv1.CreateRequest) (*historyv1.CreateResponse, error) {
	if err := f.admit(ctx); err != nil {
		return nil, err
	}
	f.created = req
	return &historyv1.CreateResponse{Room: &chatv1.Room{
		Room: "made", Name: req.Name, Kind: req.Kind, Topic: req.Topic, Head: 1, MemberCount: uint32(1 + len(req.Members)), CreatedBy: req.Owner,
	}}, nil
}

func (f roomsFixture) Get(ctx context.Context, req *historyv1.GetRequest) (*historyv1.GetResponse, error) {
	if err := f.admit(ctx); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(f.rooms, func(r *chatv1.RoomView) bool { return r.Room == req.Room })
	if i < 0 {
		field := "room"
		return nil, rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_NOT_FOUND, Message: "there is no such room", Field: &field})
	}
	r := f.rooms[i]
	created := &timestamppb.Timestamp{Seconds: 1e9}
	return &historyv1.GetResponse{Room: &chatv1.Room{
		Room: r.Room, Name: r.Name, Kind: r.Kind, Head: r.Head, MemberCount: r.MemberCount, CreatedAt: created, CreatedBy: "ana", ActiveAt: created,
	}}, nil
}

func (f roomsFixture) List(ctx context.Context, req *historyv1.ListRequest) (*historyv1.ListResponse, error) {
	if err := f.admit(ctx); err != nil {
		return nil, err
	}
	page, cursor := pageOf(f.rooms, req.Cursor, req.Limit)
	return &historyv1.ListResponse{Rooms: page, Cursor: cursor}, nil
}

func (f roomsFixture) ListMembers(ctx context.Context, req *historyv1.ListMembersRequest) (*historyv1.ListMembersResponse, error) {
	if err := f.admit(ctx); err != nil {
		return nil, err
	}
	page, cursor := pageOf(f.members, req.Cursor, req.Limit)
	return &historyv1.ListMembersResponse{Members: page, Cursor: cursor}, nil
}

// pageOf is at most limit of all, and the cursor of the rest.
func pageOf[T any](all []T, cursor string, limit uint32) ([]T, string) {
	from, _ := strconv.Atoi(cursor)
	to := min(from+int(limit), len(all))
	if to == len(all) {
		return all[from:], ""
	}
	return all[from:to], strconv.Itoa(to)
}

// messagesFixture is the fixture's messages.
type messagesFixture struct {
	historyv1.UnimplementedMessagesServer
	*fixture
}

func (m messagesFixture) List(ctx context.Context, req *historyv1.MessagesListRequest) (*historyv1.MessagesListResponse, error) {
	if err := m.admit(ctx); err != nil {
		return nil, err
	}
	m.listed = req
	return &historyv1.MessagesListResponse{Messages: m.messages, HasBefore: true}, nil
}

func (m messagesFixture) Get(context.Context, *historyv1.MessagesGetRequest) (*historyv1.MessagesGetResponse, error) {
	return &historyv1.MessagesGetResponse{}, nil
}

func (m messagesFixture) Events(ctx context.Context, _ *historyv1.EventsRequest) (*historyv1.EventsResponse, error) {
	if err := m.admit(ctx); err != nil {
		return nil, err
	}
	return &historyv1.EventsResponse{Events: m.events}, nil
}

func (m messagesFixture) Post(ctx context.Context, req *historyv1.PostRequest) (*historyv1.PostResponse, error) {
	m.posted = req
	if err := m.admit(ctx); err != nil {
		return nil, err
	}
	return &historyv1.PostResponse{Seq: 7, Durability: chatv1.Durability_DISK}, nil
}

func (m messagesFixture) Search(ctx context.Context, req *historyv1.SearchRequest) (*historyv1.SearchResponse, error) {
	m.searched = req
	if err := m.admit(ctx); err != nil {
		return nil, err
	}
	n := min(int(req.GetLimit()), len(m.hits))
	return &historyv1.SearchResponse{Hits: m.hits[:n], Cursor: "next"}, nil
}

// presenceFixture is the fixture's presence.
type presenceFixture struct {
	presencev1.UnimplementedPresenceServer
	*fixture
}

func (f presenceFixture) ListRoom(ctx context.Context, _ *presencev1.ListRoomRequest) (*presencev1.ListRoomResponse, error) {
	if err := f.admit(ctx); err != nil {
		return nil, err
	}
	return &presencev1.ListRoomResponse{Room: f.here}, nil
}

func (f presenceFixture) GetUsers(ctx context.Context, req *presencev1.GetUsersRequest) (*presencev1.GetUsersResponse, error) {
	if err := f.admit(ctx); err != nil {
		return nil, err
	}
	resp := &presencev1.GetUsersResponse{}
	for _, u := range f.here.GetChanges() {
		if slices.Contains(req.Users, u.User) {
			resp.Users = append(resp.Users, u)
		}
	}
	return resp, nil
}

func here(user string, state clientv1.PresenceState, text string) *clientv1.ServerFrame_UserPresence {
	return &clientv1.ServerFrame_UserPresence{User: user, State: state, Text: &text}
}
