package presence

import (
	"context"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// watch watches a room as somebody; what comes is bounded by the test's
// patience.
func watch(t *testing.T, client presencev1.PresenceClient, ctx context.Context, req *presencev1.WatchRequest) func() (*presencev1.RoomChanges, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	t.Cleanup(cancel)
	stream, err := client.Watch(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	return func() (*presencev1.RoomChanges, error) {
		m, err := stream.Recv()
		return m.GetRoom(), err
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	a, stopA := serve(t, server)
	b, _ := serve(t, server)
	waitReady(t, a, b)
	g := newNATSGateway(t, server, "g")
	g.opens("1", "ana", online, "red")
	clients := []presencev1.PresenceClient{dial(t, a, adminToken), dial(t, b, adminToken)}
	natstest.Eventually(t, 10*time.Second, "ana is here", func() bool { m := g.ask("red"); return users(m) == "ana+" && m.GetNumber() > 0 })
	for i, client := range clients { // of whom one does not own the room
		next := watch(t, client, t.Context(), &presencev1.WatchRequest{Room: "red"})
		first, err := next()
		if err != nil || !first.GetWhole() || users(first) != "ana+" {
			t.Fatalf("replica %d: first came %v, %v", i, first, err)
		}
		user := []string{"ben", "cem"}[i]
		g.opens(user, user, busy, "red")
		second, err := next()
		if err != nil || second.GetWhole() || users(second) != user+"+" || second.GetNumber() != first.GetNumber()+1 {
			t.Fatalf("replica %d: then came %v, %v", i, second, err)
		}
		// From the last message on nothing comes again.
		again := watch(t, clients[1-i], t.Context(), &presencev1.WatchRequest{Room: "red", Owner: second.GetOwner(), Number: second.GetNumber()})
		g.ends(user)
		if m, err := again(); err != nil || m.GetWhole() || users(m) != user+"-" {
			t.Errorf("replica %d: from the last message on came %v, %v", 1-i, m, err)
		}
		// From an older one, the whole.
		old := watch(t, client, t.Context(), &presencev1.WatchRequest{Room: "red", Owner: first.GetOwner(), Number: first.GetNumber()})
		if m, err := old(); err != nil || !m.GetWhole() || users(m) != "ana+" {
			t.Errorf("replica %d: from an older message on came %v, %v", i, m, err)
		}
		g.opens("again"+user, "ana", online, "red")
	}
	last := watch(t, clients[0], t.Context(), &presencev1.WatchRequest{Room: "red"})
	if _, err := last(); err != nil {
		t.Fatal(err)
	}
	stopA()
	for {
		if _, err := last(); err != nil {
			if rpc.RefusalOf(err).GetCode() != chatv1.ErrorCode_UNAVAILABLE {
				t.Errorf("a replica that stops says %v", err)
			}
			return
		}
	}
}

func TestWhoMayWatch(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s, _ := serve(t, server)
	waitReady(t, s)
	g := newNATSGateway(t, server, "g")
	g.opens("1", "ana", online, "red")
	g.opens("2", "dee", invisible, "red")
	client := dial(t, s, serviceToken)
	natstest.Eventually(t, 10*time.Second, "ana is here", func() bool { m := g.ask("red"); return users(m) == "ana+" && m.GetNumber() > 0 })
	for user, want := range map[string]chatv1.ErrorCode{"bo": chatv1.ErrorCode_NOT_FOUND, "": chatv1.ErrorCode_FORBIDDEN} {
		ctx := t.Context()
		if user != "" {
			ctx = rpc.AsUser(ctx, user)
		}
		if m, err := watch(t, client, ctx, &presencev1.WatchRequest{Room: "red"})(); rpc.RefusalOf(err).GetCode() != want {
			t.Errorf("%q is told %v, %v", user, m, err)
		}
	}
	next := watch(t, client, rpc.AsUser(t.Context(), "dee"), &presencev1.WatchRequest{Room: "red"})
	if m, err := next(); err != nil || users(m) != "ana+" {
		t.Fatalf("dee is told %v, %v", m, err)
	}
	g.opens("2", "dee", invisible) // she leaves the room
	if m, err := next(); rpc.RefusalOf(err).GetCode() != chatv1.ErrorCode_NOT_FOUND {
		t.Errorf("who left is told %v, %v", m, err)
	}
}
