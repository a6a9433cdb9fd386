package presence

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	serviceToken = "a service token of a test"
	adminToken   = "an admin token of a test"
)

// dial serves gRPC for s, and connects with the token.
func dial(t *testing.T, s *Service, token string) presencev1.PresenceClient {
	t.Helper()
	server, err := rpc.NewServer(rpc.ServerConfig{ServiceToken: serviceToken, AdminToken: adminToken})
	if err != nil {
		t.Fatal(err)
	}
	s.Register(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	conn, err := rpc.Dial(l.Addr().String(), token, config.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return presencev1.NewPresenceClient(conn)
}

func sessionOf(id, user string, rooms ...string) *presencev1.Session {
	return &presencev1.Session{Session: id, User: user, State: online, Rooms: rooms}
}

func TestWhoMayKnow(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s, _ := serve(t, server)
	g := newNATSGateway(t, server, "g")
	heard := g.follow("green")
	g.opens("1", "ana", online, "red")
	g.opens("2", "ben", busy, "red", "blue")
	g.opens("3", "cem", online, "blue")
	g.opens("4", "dee", invisible, "red")
	g.opens("5", "eva", online, "green")
	next(t, heard)
	everyone := []string{"ana", "ben", "cem", "dee", "eva", "nobody"}
	asService, asAdmin := dial(t, s, serviceToken), dial(t, s, adminToken)
	for _, test := range []struct{ as, users, red string }{
		{"ana", "ana ONLINE, ben BUSY", "ana ben"},
		{"ben", "ana ONLINE, ben BUSY, cem ONLINE", "ana ben"},
		{"cem", "ben BUSY, cem ONLINE", "NOT_FOUND"},
		{"dee", "ana ONLINE, ben BUSY, dee INVISIBLE", "ana ben"},
		{"eva", "eva ONLINE", "NOT_FOUND"},
		{"nobody", "", "NOT_FOUND"},
		{"", "FORBIDDEN", "FORBIDDEN"},
		{"admin", "ana ONLINE, ben BUSY, cem ONLINE, eva ONLINE", "ana ben"},
	} {
		client, ctx := asService, t.Context()
		switch test.as {
		case "admin":
			client = asAdmin
		case "":
		default:
			ctx = rpc.AsUser(ctx, test.as)
		}
		got, err := client.GetUsers(ctx, &presencev1.GetUsersRequest{Users: everyone})
		if shown := shownUsers(got.GetUsers(), err); shown != test.users {
			t.Errorf("%q sees %q, want %q", test.as, shown, test.users)
		}
		list, err := client.ListRoom(ctx, &presencev1.ListRoomRequest{Room: "red"})
		if shown := shownRoom(list, err); shown != test.red {
			t.Errorf("%q sees in red %q, want %q", test.as, shown, test.red)
		}
	}
}

func shownUsers(users []*clientv1.ServerFrame_UserPresence, err error) string {
	if err != nil {
		return rpc.RefusalOf(err).GetCode().String()
	}
	shown := make([]string, len(users))
	for i, u := range users {
		shown[i] = fmt.Sprint(u.User, " ", u.State)
	}
	return strings.Join(shown, ", ")
}

func shownRoom(list *presencev1.ListRoomResponse, err error) string {
	if err != nil {
		return rpc.RefusalOf(err).GetCode().String()
	}
	shown := make([]string, len(list.GetRoom().GetChanges()))
	for i, u := range list.GetRoom().GetChanges() {
		shown[i] = u.User
	}
	return strings.Join(shown, " ")
}

func TestQueriesAreBounded(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s, _ := serve(t, server)
	client := dial(t, s, adminToken)
	_, err := client.GetUsers(t.Context(), &presencev1.GetUsersRequest{Users: []string{"ana"}})
	if r := rpc.RefusalOf(err); r.GetCode() != chatv1.ErrorCode_UNAVAILABLE || r.GetRetryAfterMs() == 0 {
		t.Errorf("before it knows anybody: %v", r)
	}
	waitReady(t, s)
	_, err = client.GetUsers(t.Context(), &presencev1.GetUsersRequest{Users: make([]string, 101)})
	if r := rpc.RefusalOf(err); r.GetCode() != chatv1.ErrorCode_TOO_LARGE || r.GetField() != "users" {
		t.Errorf("101 users: %v", r)
	}
	_, err = client.ListRoom(t.Context(), &presencev1.ListRoomRequest{})
	if r := rpc.RefusalOf(err); r.GetCode() != chatv1.ErrorCode_BAD_REQUEST || r.GetField() != "room" {
		t.Errorf("no room: %v", r)
	}
}

func TestAnyReplicaAnswers(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	a, _ := serve(t, server)
	b, stopB := serve(t, server)
	waitReady(t, a, b)
	g := newNATSGateway(t, server, "g")
	for i := range 20 {
		g.opens(fmt.Sprint(i), "ana", online, fmt.Sprint("room", i))
	}
	natstest.Eventually(t, 10*time.Second, "both own rooms", func() bool {
		return a.state.Load().owned > 0 && b.state.Load().owned > 0 && a.state.Load().owned+b.state.Load().owned == 20
	})
	ctx := rpc.AsUser(context.Background(), "ana")
	clients := []presencev1.PresenceClient{dial(t, a, serviceToken), dial(t, b, serviceToken)}
	for i := range 20 {
		var owners []string
		for _, client := range clients {
			list, err := client.ListRoom(ctx, &presencev1.ListRoomRequest{Room: fmt.Sprint("room", i)})
			if err != nil || shownRoom(list, nil) != "ana" || list.Room.Number != 1 {
				t.Fatalf("room%d: %v, %v", i, list, err)
			}
			owners = append(owners, list.Room.Owner)
		}
		if owners[0] != owners[1] {
			t.Errorf("room%d is told as %s's and %s's", i, owners[0], owners[1])
		}
	}
	said, err := dial(t, a, adminToken).Status(context.Background(), &presencev1.StatusRequest{})
	if err != nil || len(said.GetStates()) != 2 || said.GetStates()[0].GetReplica() >= said.GetStates()[1].GetReplica() || len(said.GetStates()[0].GetNotReady())+len(said.GetStates()[1].GetNotReady()) > 0 {
		t.Errorf("the status of a is %v (%v), want both replicas in it, ready", said, err)
	}
	stopB()
	_, err = clients[1].ListRoom(ctx, &presencev1.ListRoomRequest{Room: "room1"})
	if r := rpc.RefusalOf(err); r.GetCode() != chatv1.ErrorCode_UNAVAILABLE {
		t.Errorf("a replica that has ended says %v", r)
	}
}
