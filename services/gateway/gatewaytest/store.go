package gatewaytest

import (
	"context"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const serviceToken = "the-token-of-services-in-tests"

// Conn is a connection to the town's store over gRPC.
func (w *Town) Conn() grpc.ClientConnInterface {
	w.t.Helper()
	server, err := rpc.NewServer(rpc.ServerConfig{ServiceToken: serviceToken, Registerer: prometheus.NewRegistry()})
	if err != nil {
		w.t.Fatal(err)
	}
	historyv1.RegisterRoomsServer(server, &rooms{town: w})
	historyv1.RegisterMessagesServer(server, &messages{town: w})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	w.t.Cleanup(server.Stop)
	conn, err := rpc.Dial(l.Addr().String(), serviceToken, config.TLS{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func notFound() error {
	return rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_NOT_FOUND, Message: "no such room"})
}

type messages struct {
	historyv1.UnimplementedMessagesServer
	town *Town
}

func (m *messages) List(ctx context.Context, q *historyv1.MessagesListRequest) (*historyv1.MessagesListResponse, error) {
	m.town.mu.Lock()
	defer m.town.mu.Unlock()
	r := m.town.room(q.GetRoom())
	if !r.readable(rpc.CallerOf(ctx).User) {
		return nil, notFound()
	}
	m.town.asked.Pages++
	all := r.messages()
	if q.Before != nil {
		all = slices.DeleteFunc(all, func(m *chatv1.Message) bool { return m.GetSeq() >= q.GetBefore() })
	}
	begin := max(0, len(all)-int(max(1, q.GetLimit())))
	return &historyv1.MessagesListResponse{Messages: all[begin:], HasBefore: begin > 0, HasAfter: q.Before != nil, Head: r.head()}, nil
}

// Search finds what holds the query as it is written, the newest first.
func (m *messages) Search(ctx context.Context, q *historyv1.SearchRequest) (*historyv1.SearchResponse, error) {
	m.town.mu.Lock()
	defer m.town.mu.Unlock()
	r := m.town.room(q.GetRoom())
	if !r.readable(rpc.CallerOf(ctx).User) {
		return nil, notFound()
	}
	reply := &historyv1.SearchResponse{Cursor: "more"}
	for _, message := range r.messages() {
		if at := strings.Index(message.GetText(), q.GetQuery()); at >= 0 {
			mark := &historyv1.Range{Start: uint32(at), End: uint32(at + len(q.GetQuery()))}
			reply.Hits = append(reply.Hits, &historyv1.Hit{Room: r.id, Message: message, Snippet: &historyv1.Snippet{Text: message.GetText(), Marks: []*historyv1.Range{mark}}})
		}
	}
	slices.Reverse(reply.Hits)
	return reply, nil
}

type rooms struct {
	historyv1.UnimplementedRoomsServer
	town *Town
}

func (r *rooms) List(ctx context.Context, _ *historyv1.ListRequest) (*historyv1.ListResponse, error) {
	r.town.mu.Lock()
	defer r.town.mu.Unlock()
	user := rpc.CallerOf(ctx).User
	reply := &historyv1.ListResponse{}
	for _, id := range slices.Sorted(maps.Keys(r.town.rooms)) {
		if room := r.town.rooms[id]; room.readable(user) {
			reply.Rooms = append(reply.Rooms, room.view(user))
		}
	}
	return reply, nil
}

func (r *rooms) ListMembers(ctx context.Context, q *historyv1.ListMembersRequest) (*historyv1.ListMembersResponse, error) {
	r.town.mu.Lock()
	defer r.town.mu.Unlock()
	room := r.town.room(q.GetRoom())
	if !room.readable(rpc.CallerOf(ctx).User) {
		return nil, notFound()
	}
	return &historyv1.ListMembersResponse{Members: room.memberList()}, nil
}
