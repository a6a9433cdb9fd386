package natterctl

import (
	"bytes"
	"context"
	"net"
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/natterctl/command"
)

const (
	serviceToken = "a service token of a test"
	adminToken   = "an admin token of a test"
)

// fixture is a server with a few rooms and messages. It refuses whom a real
// one refuses, and keeps what it was asked last.
type fixture struct {
	rooms    []*chatv1.RoomView
	members  []*chatv1.Member
	created  *historyv1.CreateRequest
	retained *historyv1.SetRetentionRequest
	listed   *historyv1.MessagesListRequest
	messages []*chatv1.Message
	events   []*chatv1.Event
	posted   *historyv1.PostRequest
	searched *historyv1.SearchRequest
	hits     []*historyv1.Hit
	here     *presencev1.RoomChanges
	revoked  *historyv1.RevokeRequest
	thrown   *gatewayv1.DisconnectRequest
	silent   []string // gateways that do not answer
	// refusal, if set, answers everything; hang answers nothing.
	refusal error
	hang    bool
}

// serve serves the fixture on a port of its own, and points natterctl there.
func (f *fixture) serve(t *testing.T) {
	t.Helper()
	l := f.listen(t, rpc.ServerConfig{})
	t.Setenv("NATTER_GRPC_ADDR", l.Addr().String())
	t.Setenv("NATTER_ADMIN_TOKEN", adminToken)
}

func (f *fixture) listen(t *testing.T, cfg rpc.ServerConfig) net.Listener {
	t.Helper()
	cfg.ServiceToken, cfg.AdminToken = serviceToken, adminToken
	server, err := rpc.NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	historyv1.RegisterRoomsServer(server, roomsFixture{fixture: f})
	historyv1.RegisterMessagesServer(server, messagesFixture{fixture: f})
	presencev1.RegisterPresenceServer(server, presenceFixture{fixture: f})
	historyv1.RegisterUsersServer(server, usersFixture{fixture: f})
	gatewayv1.RegisterGatewaysServer(server, gatewaysFixture{fixture: f})
	return listen(t, server.Server)
}

func listen(t *testing.T, server *grpc.Server) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	return l
}

// admit lets in admins, where the fixture answers at all.
func (f *fixture) admit(ctx context.Context) error {
	if f.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if f.refusal != nil {
		return f.refusal
	}
	if !rpc.CallerOf(ctx).Admin {
		return status.Error(codes.PermissionDenied, "this is for admins")
	}
	return nil
}

// result is what a command left behind.
type result struct {
	stdout, stderr string
	exit           int
}

// TestMain keeps the profiles of whoever runs the tests out of them.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"XDG_CONFIG_HOME": "/nonexistent", "NATTER_PROFILE": "", "NATTER_PROFILES": ""} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func natterctl(t *testing.T, args ...string) result {
	t.Helper()
	return natterctlReading(t, "", args...)
}

func natterctlReading(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	exit := Main(t.Context(), args, command.Env{Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr})
	return result{stdout: stdout.String(), stderr: stderr.String(), exit: exit}
}

// want holds a result against all that is expected of it.
func (r result) want(t *testing.T, exit int, stdout, stderr string) {
	t.Helper()
	if r.exit != exit {
		t.Errorf("exit code %d, want %d", r.exit, exit)
	}
	if r.stdout != stdout {
		t.Errorf("stdout:\n%s\nwant:\n%s", r.stdout, stdout)
	}
	if r.stderr != stderr {
		t.Errorf("stderr:\n%s\nwant:\n%s", r.stderr, stderr)
	}
}
