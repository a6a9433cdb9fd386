package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// whoami tells the caller who the server takes it for.
func whoami(ctx context.Context) (string, error) {
	caller := rpc.CallerOf(ctx)
	return fmt.Sprintf("admin=%v user=%s", caller.Admin, caller.User), nil
}

func TestCaller(t *testing.T) {
	_, addr := serve(t, tokens(), whoami)
	for _, c := range []struct {
		token, user, want string
	}{
		{serviceToken, "", "admin=false user="},
		{serviceToken, "ana", "admin=false user=ana"},
		{serviceToken, "guest:ab", "admin=false user=guest:ab"},
		{serviceToken, "ana b/50%+1@x.org", "admin=false user=ana b/50%+1@x.org"},
		{serviceToken, "安 " + strings.Repeat("é", 60), "admin=false user=安 " + strings.Repeat("é", 60)},
		{adminToken, "", "admin=true user="},
	} {
		conn := dial(t, addr, c.token, config.TLS{})
		ctx := t.Context()
		if c.user != "" {
			ctx = rpc.AsUser(rpc.AsUser(ctx, "someone else"), c.user)
		}
		for how, ask := range map[string]func(context.Context, *grpc.ClientConn) (string, error){"unary": callOnce, "stream": watch} {
			if got, err := ask(ctx, conn); err != nil || got != c.want {
				t.Errorf("%s as %q: %q, %v; want %q", how, c.user, got, err, c.want)
			}
		}
	}
	if caller := rpc.CallerOf(t.Context()); caller != (rpc.Caller{}) {
		t.Errorf("outside of a call the caller is %+v", caller)
	}
}

func TestWrongTokens(t *testing.T) {
	_, addr := serve(t, tokens(), whoami)
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, c := range []struct {
		md   metadata.MD
		want codes.Code
	}{
		{nil, codes.Unauthenticated},
		{metadata.Pairs("authorization", ""), codes.Unauthenticated},
		{metadata.Pairs("authorization", "Bearer "), codes.Unauthenticated},
		{metadata.Pairs("authorization", serviceToken), codes.Unauthenticated},
		{metadata.Pairs("authorization", "Basic "+serviceToken), codes.Unauthenticated},
		{metadata.Pairs("authorization", "Bearer "+serviceToken+"x"), codes.Unauthenticated},
		{metadata.Pairs("authorization", "Bearer "+serviceToken[1:]), codes.Unauthenticated},
		{metadata.Pairs("authorization", "Bearer x", "authorization", "Bearer "+serviceToken), codes.Unauthenticated},
		{metadata.Pairs("natter-user", "ana"), codes.Unauthenticated},
		{metadata.Pairs("authorization", "bearer "+serviceToken), codes.OK},
		{metadata.Pairs("authorization", "bearer "+adminToken), codes.OK},
		{metadata.Pairs("authorization", "Bearer "+adminToken, "natter-user", "ana"), codes.PermissionDenied},
		{metadata.Pairs("authorization", "Bearer "+adminToken, "natter-user", ""), codes.PermissionDenied},
		{metadata.Pairs("authorization", "Bearer "+serviceToken, "natter-user", "a%2"), codes.InvalidArgument},
		{metadata.Pairs("authorization", "Bearer "+serviceToken, "natter-user", ""), codes.InvalidArgument},
		{metadata.Pairs("authorization", "Bearer "+serviceToken, "natter-user", "%ff"), codes.InvalidArgument},
		{metadata.Pairs("authorization", "Bearer "+serviceToken, "natter-user", strings.Repeat("a", 129)), codes.InvalidArgument},
		{metadata.Pairs("authorization", "Bearer "+serviceToken, "natter-user", "ana", "natter-user", "bob"), codes.InvalidArgument},
	} {
		ctx := metadata.NewOutgoingContext(t.Context(), c.md)
		for how, ask := range map[string]func(context.Context, *grpc.ClientConn) (string, error){"unary": callOnce, "stream": watch} {
			if _, err := ask(ctx, conn); status.Code(err) != c.want {
				t.Errorf("%s with %v: %v, want %v", how, c.md, err, c.want)
			}
		}
	}
}

// TestOneTokenUnset: an empty token is nobody's.
func TestOneTokenUnset(t *testing.T) {
	for _, cfg := range []rpc.ServerConfig{{AdminToken: adminToken}, {ServiceToken: serviceToken}} {
		_, addr := serve(t, cfg, whoami)
		for _, token := range []string{serviceToken, adminToken} {
			_, err := call(t.Context(), dial(t, addr, token, config.TLS{}))
			if in := token == cfg.AdminToken || token == cfg.ServiceToken; in != (err == nil) {
				t.Errorf("a server of %+v answers %s with %v", cfg, token, err)
			}
		}
	}
}

// TestRefusedServers are those that would let in whom they should not.
func TestRefusedServers(t *testing.T) {
	for says, cfg := range map[string]rpc.ServerConfig{
		"let nobody in":                {},
		"the same":                     {ServiceToken: adminToken, AdminToken: adminToken},
		"NATTER_SERVICE_TOKEN is a se": {ServiceToken: "changeme", AdminToken: adminToken},
		"NATTER_ADMIN_TOKEN is a secr": {AdminToken: "secret"},
		"NATTER_ADMIN_TOKEN has 15 by": {ServiceToken: serviceToken, AdminToken: "abcdefghijklmno"},
		"NATTER_TLS_CERT and NATTER_T": {ServiceToken: serviceToken, TLS: config.TLS{Cert: "x"}},
		"NATTER_ADMIN_TOKENS_FILE: op": {ServiceToken: serviceToken, Tokens: "/nowhere/tokens"},
		"NATTER_GRPC_CLIENT_CA lets n": {ServiceToken: serviceToken, ClientCA: "guard_test.go"},
		"NATTER_GRPC_CLIENT_CA needs ": {ServiceToken: serviceToken, Tokens: "testdata/tokens", ClientCA: "guard_test.go"},
	} {
		if _, err := rpc.NewServer(cfg); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the error is %v; it should say %q", err, says)
		}
	}
	if _, err := rpc.Dial("localhost:1", "", config.TLS{}); err == nil || !strings.Contains(err.Error(), "NATTER_SERVICE_TOKEN") {
		t.Errorf("dial without a token: %v", err)
	}
	if _, err := rpc.Dial("", serviceToken, config.TLS{}); err == nil {
		t.Error("dial without a target gives no error")
	}
}

func TestHealthNeedsNoToken(t *testing.T) {
	s, addr := serve(t, tokens(), whoami)
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, serving := range []bool{true, false, true} {
		s.SetServing(serving)
		resp, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil || (resp.Status == healthpb.HealthCheckResponse_SERVING) != serving {
			t.Errorf("SetServing(%v): %v, %v", serving, resp.GetStatus(), err)
		}
	}
}

// TestReflectionIsForAdmins, and describes what a client of the WebSocket needs.
func TestReflectionIsForAdmins(t *testing.T) {
	_, addr := serve(t, tokens(), whoami)
	ask := func(token string) error {
		stream, err := reflectionpb.NewServerReflectionClient(dial(t, addr, token, config.TLS{})).ServerReflectionInfo(t.Context())
		if err != nil {
			return err
		}
		request := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{
			FileContainingSymbol: "natter.client.v1.ClientFrame",
		}}
		if err := stream.Send(request); err != nil {
			return err
		}
		answer, err := stream.Recv()
		if err == nil && answer.GetErrorResponse() != nil {
			err = errors.New(answer.GetErrorResponse().ErrorMessage)
		}
		return err
	}
	if err := ask(adminToken); err != nil {
		t.Errorf("an admin: %v", err)
	}
	if err := ask(serviceToken); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a service: %v", err)
	}
}
