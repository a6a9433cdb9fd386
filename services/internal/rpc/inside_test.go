package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// TestInsideIsAsOverTheNetwork: who calls from the same process is known by the
// same proof, has the same rights, and is told the same.
func TestInsideIsAsOverTheNetwork(t *testing.T) {
	t.Parallel()
	refusal := rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_GONE, Message: "it is gone"})
	for _, c := range []struct {
		what, token, method string
		ctx                 func(context.Context) context.Context
		does                method
	}{
		{what: "a service for nobody", token: serviceToken, does: whoami},
		{what: "a service for a user", token: serviceToken, ctx: func(ctx context.Context) context.Context { return rpc.AsUser(ctx, "añá/%") }, does: whoami},
		{what: "an admin", token: adminToken, does: whoami},
		{what: "an admin for a user", token: adminToken, ctx: func(ctx context.Context) context.Context { return rpc.AsUser(ctx, "ana") }, does: whoami},
		{what: "a wrong token", token: "a-token-that-nobody-has", does: whoami},
		{what: "no token", does: whoami},
		{what: "what services may not", token: serviceToken, method: "Erase", does: whoami},
		{what: "what nobody may", token: adminToken, method: "Unmapped", does: whoami},
		{what: "what there is not", token: serviceToken, method: "Nothing", does: whoami},
		{what: "a refusal", token: serviceToken, does: func(context.Context) (string, error) { return "", refusal }},
		{what: "a refusal with a cause", token: serviceToken, does: func(context.Context) (string, error) {
			return "", rpc.Because(refusal, errors.New("the disk burns"))
		}},
		{what: "a fault", token: serviceToken, does: func(context.Context) (string, error) { return "", errors.New("the disk burns") }},
		{what: "a panic", token: serviceToken, does: func(context.Context) (string, error) { panic("the disk burns") }},
		{what: "a request's name", token: serviceToken, ctx: func(ctx context.Context) context.Context { return tracing.WithRequest(ctx, "session-7") },
			does: func(ctx context.Context) (string, error) { return tracing.Request(ctx), nil }},
		{what: "metadata", token: serviceToken, ctx: func(ctx context.Context) context.Context {
			return metadata.AppendToOutgoingContext(ctx, "Natter-Test", "a", "natter-test", "b")
		}, does: func(ctx context.Context) (string, error) {
			md, _ := metadata.FromIncomingContext(ctx)
			return strings.Join(md.Get("natter-test"), ","), nil
		}},
		{what: "values of the caller's context", token: serviceToken, ctx: func(ctx context.Context) context.Context { return context.WithValue(ctx, ours{}, "mine") },
			does: func(ctx context.Context) (string, error) {
				mine, _ := ctx.Value(ours{}).(string)
				_, outgoing := metadata.FromOutgoingContext(ctx)
				return mine, map[bool]error{true: errors.New("what the caller sends on is sent on by the method")}[outgoing]
			}},
		{what: "a deadline that has passed", token: serviceToken, ctx: func(ctx context.Context) context.Context {
			ctx, cancel := context.WithDeadline(ctx, time.Unix(1, 0))
			cancel()
			return ctx
		}, does: whoami},
	} {
		if c.method == "" {
			c.method = "Call"
		}
		cfg := tokens()
		cfg.Log = slog.New(slog.DiscardHandler)
		server, addr := serve(t, cfg, c.does)
		answer := func(conn grpc.ClientConnInterface) (string, string) {
			ctx := t.Context()
			if c.ctx != nil {
				ctx = c.ctx(ctx)
			}
			text, err := invoke(ctx, conn, c.method)
			s := status.Convert(err)
			if s.Code() == codes.Unimplemented || s.Code() == codes.DeadlineExceeded {
				return text, s.Code().String() // gRPC's own words
			}
			return text, s.Proto().String()
		}
		text, told := answer(server.Inside(c.token))
		wantText, wantTold := "", status.Convert(errors.New("no token")).Proto().String()
		if c.token != "" {
			wantText, wantTold = answer(dial(t, addr, c.token, config.TLS{}))
		} else if strings.Contains(told, "no token") {
			wantTold = told
		}
		// Two builds of the same text may differ in spaces.
		if text != wantText || strings.ReplaceAll(told, " ", "") != strings.ReplaceAll(wantTold, " ", "") {
			t.Errorf("%s: %q, %s\nover the network: %q, %s", c.what, text, told, wantText, wantTold)
		}
	}
}

type ours struct{}

// TestInsideAMethodSeesItsCallerGo: a method learns that its caller has given
// up, and by when it is to be done, and that it was called from within.
func TestInsideAMethodSeesItsCallerGo(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{}, 1)
	server, _ := serve(t, tokens(), func(ctx context.Context) (string, error) {
		if deadline, ok := ctx.Deadline(); ok {
			return deadline.UTC().String(), nil
		}
		if p, ok := peer.FromContext(ctx); !ok || p.Addr.String() != "in-process" {
			return "", errors.New("it cannot be told from where it is called")
		}
		begun <- struct{}{}
		<-ctx.Done()
		return "", ctx.Err()
	})
	conn := server.Inside(serviceToken)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if _, err := invoke(ctx, conn, "Call"); status.Code(err) != codes.Canceled {
		t.Errorf("who gives up is told %v", err)
	}
	deadline := time.Now().Add(time.Hour)
	ctx, cancel = context.WithDeadline(t.Context(), deadline)
	defer cancel()
	if got, err := invoke(ctx, conn, "Call"); err != nil || got != deadline.UTC().Round(0).String() {
		t.Errorf("the deadline is %v, %v; want %v", got, err, deadline)
	}
}

func TestInsideIsMeasured(t *testing.T) {
	reg := prometheus.NewRegistry()
	cfg := tokens()
	cfg.Registerer = reg
	server, _ := serve(t, cfg, whoami)
	for _, token := range []string{serviceToken, "a-token-that-nobody-has"} {
		_, _ = invoke(t.Context(), server.Inside(token), "Call")
	}
	if n, err := testutil.GatherAndCount(reg, "natter_grpc_server_seconds"); err != nil || n != 2 {
		t.Errorf("%d series, %v; want one for OK and one for Unauthenticated", n, err)
	}
}

// page is a method that answers the same page to everybody.
type page struct {
	historyv1.UnimplementedMessagesServer
	answer *historyv1.MessagesListResponse
}

func (p page) List(_ context.Context, in *historyv1.MessagesListRequest) (*historyv1.MessagesListResponse, error) {
	in.Room = "changed by who was asked"
	return p.answer, nil
}

// TestInsideEachSideHasItsOwn: what one side changes of a request or an answer
// the other does not see. Who says not to change an answer shares its parts.
func TestInsideEachSideHasItsOwn(t *testing.T) {
	message := &chatv1.Message{Seq: 7, Text: "hello"}
	server, _ := serve(t, tokens(), whoami, func(r grpc.ServiceRegistrar) {
		historyv1.RegisterMessagesServer(r, page{answer: &historyv1.MessagesListResponse{Messages: []*chatv1.Message{message}, HasBefore: true}})
	})
	client := historyv1.NewMessagesClient(server.Inside(serviceToken))
	request := &historyv1.MessagesListRequest{Room: "lobby"}
	own, err := client.List(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if own.Messages[0].Text = "changed by who asked"; message.GetText() != "hello" || request.GetRoom() != "lobby" {
		t.Errorf("they share %v and %v", message, request)
	}
	shared, err := client.List(t.Context(), request, rpc.ReadOnly{})
	if err != nil || len(shared.GetMessages()) != 1 || shared.GetMessages()[0] != message || !shared.GetHasBefore() || shared.GetHasAfter() {
		t.Errorf("who only reads gets %v, %v", shared, err)
	}
}

// TestInsideTheAuditSaysSo: what an admin does from within is in the audit, too.
func TestInsideTheAuditSaysSo(t *testing.T) {
	var log bytes.Buffer
	cfg := tokens()
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	server, _ := serve(t, cfg, whoami)
	if _, err := invoke(t.Context(), server.Inside(adminToken), "Erase"); err != nil {
		t.Fatal(err)
	}
	if line := log.String(); !strings.Contains(line, "/test.Test/Erase") || !strings.Contains(line, "in-process") {
		t.Errorf("the log says %q", line)
	}
}

func BenchmarkCall(b *testing.B) {
	message := &chatv1.Message{Seq: 7, Text: strings.Repeat("hello ", 20), User: "ana", Name: "Ana"}
	answer := &historyv1.MessagesListResponse{HasBefore: true}
	for range 50 {
		answer.Messages = append(answer.Messages, message)
	}
	server, addr := serve(b, tokens(), whoami, func(r grpc.ServiceRegistrar) { historyv1.RegisterMessagesServer(r, page{answer: answer}) })
	for name, conn := range map[string]grpc.ClientConnInterface{"Network": dial(b, addr, serviceToken, config.TLS{}), "Inside": server.Inside(serviceToken)} {
		b.Run(name, func(b *testing.B) {
			client, ctx := historyv1.NewMessagesClient(conn), rpc.AsUser(b.Context(), "ana")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.List(ctx, &historyv1.MessagesListRequest{Room: "lobby"}, rpc.ReadOnly{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
