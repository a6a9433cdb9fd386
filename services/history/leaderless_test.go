package history

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestStartWithoutLeader: history starts while two of three NATS servers are
// down, stays up, says on /readyz what it waits for, and goes on by itself when
// they are back. The first start, and one after that.
func TestStartWithoutLeader(t *testing.T) {
	servers, dir := natstest.Cluster(t), t.TempDir()
	cfg := testConfig(dir)
	cfg.Replicas = len(servers)
	for start := range 2 {
		for _, other := range servers[1:] {
			other.Stop()
		}
		servers[0].Restart(t)
		s, err := New(cfg, servers[0].Connect(t, natsx.History), dialer(t, servers[0]), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			t.Fatalf("start %d: it does not stay up: %v", start, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		h := &running{Service: s, t: t, gateway: servers[0].Connect(t, natsx.Gateway)}
		if why := h.notReady("nats"); !strings.Contains(why, "waiting for NATS") {
			t.Errorf("start %d: /readyz says %q", start, why)
		}
		refusesQueries(t, s)
		said, err := h.dialStore("an admin token of a test").Status(t.Context(), &historyv1.StatusRequest{})
		if err != nil || said.GetReplica() == "" || len(said.GetReplicas()) > 0 || said.GetTrouble() == "" || !strings.Contains(strings.Join(said.GetNotReady(), "\n"), "nats: waiting for NATS") {
			t.Errorf("start %d: asked how it is, it says %v (%v)", start, said, err)
		}
		for _, other := range servers[1:] {
			other.Restart(t)
		}
		h.ready()
		room := []string{"lobby", "yard"}[start]
		h.must(create(room, room, "ana"))
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("start %d: run: %v", start, err)
		}
	}
}

// notReady is what /readyz says of a part; "": it is ready.
func (r *running) notReady(name string) string {
	for _, c := range r.Checks() {
		if err := c.Ready(); c.Name == name && err != nil {
			return err.Error()
		}
	}
	return ""
}

// refusesQueries: who asks meanwhile is told to come again, and why.
func refusesQueries(t *testing.T, s *Service) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	s.Register(server)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	defer server.Stop()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err = historyv1.NewWebhooksClient(conn).List(ctx, &historyv1.WebhooksListRequest{})
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "waiting for NATS") {
		t.Errorf("a query meanwhile: %v", err)
	}
	if _, err := historyv1.NewStoreClient(conn).Status(ctx, &historyv1.StatusRequest{}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("its state, asked for by nobody in particular: %v", err)
	}
}
