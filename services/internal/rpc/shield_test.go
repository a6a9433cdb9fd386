package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/logtest"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// TestFaultsStayInside: what the caller sees of an error, and what the log says.
func TestFaultsStayInside(t *testing.T) {
	var log logtest.Page
	var fault func() error
	cfg := tokens()
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	_, addr := serve(t, cfg, func(context.Context) (string, error) { return "", fault() })
	conn := dial(t, addr, serviceToken, config.TLS{})
	refusal := rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_FORBIDDEN, Message: "No."})
	for _, c := range []struct {
		name   string
		fault  func() error
		want   codes.Code
		says   string
		logged string
	}{
		{"panic", func() error { panic("sql: password") }, codes.Internal, "Something went wrong", "sql: password"},
		{"index out of range", func() error { return []error{nil}[len(tokens().AdminToken)] }, codes.Internal, "Something went wrong", "shield_test.go"},
		{"bare error", func() error { return errors.New("sql: password") }, codes.Internal, "Something went wrong", "sql: password"},
		{"refusal", func() error { return refusal }, codes.PermissionDenied, "No.", ""},
		{"wrapped refusal", func() error { return fmt.Errorf("sql: password: %w", refusal) }, codes.PermissionDenied, "No.", ""},
		{"status", func() error { return status.Error(codes.NotFound, "No such room.") }, codes.NotFound, "No such room.", ""},
		{"cancelled", func() error { return fmt.Errorf("sql: %w", context.Canceled) }, codes.Canceled, "cancelled", ""},
		{"too late", func() error { return fmt.Errorf("sql: %w", context.DeadlineExceeded) }, codes.DeadlineExceeded, "too long", ""},
	} {
		fault = c.fault
		for how, ask := range map[string]func(context.Context, *grpc.ClientConn) (string, error){"unary": callOnce, "stream": watch} {
			_, err := ask(t.Context(), conn)
			got := status.Convert(err)
			if got.Code() != c.want || !strings.Contains(got.Message(), c.says) || strings.Contains(got.Message(), "sql") {
				t.Errorf("%s, %s: the caller sees %v", c.name, how, err)
			}
			text := log.Take()
			if (c.logged == "") != (text == "") || !strings.Contains(text, c.logged) {
				t.Errorf("%s, %s: the log says %q", c.name, how, text)
			}
		}
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	cfg := tokens()
	cfg.Registerer = reg
	_, addr := serve(t, cfg, whoami)
	if _, err := call(t.Context(), dial(t, addr, serviceToken, config.TLS{})); err != nil {
		t.Fatal(err)
	}
	if _, err := call(t.Context(), dial(t, addr, serviceToken+"x", config.TLS{})); err == nil {
		t.Fatal("a wrong token is let in")
	}
	if n, err := testutil.GatherAndCount(reg, "natter_grpc_server_seconds"); err != nil || n != 2 {
		t.Errorf("%d series, %v; want one for OK and one for Unauthenticated", n, err)
	}
	if _, err := rpc.NewServer(cfg); err == nil {
		t.Error("two servers measure into one registry, and nobody hears of it")
	}
}

// TestWhoIsTurnedAwayLearnsWhenToComeBack: a method that is UNAVAILABLE says in
// how long to try again, be it a refusal, a bare status, or with a cause; and
// what it said already stays.
func TestWhoIsTurnedAwayLearnsWhenToComeBack(t *testing.T) {
	var fault error
	_, addr := serve(t, tokens(), func(context.Context) (string, error) { return "", fault })
	conn := dial(t, addr, serviceToken, config.TLS{})
	away := func(ms uint32) error {
		return rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_UNAVAILABLE, Message: "m", RetryAfterMs: &ms})
	}
	for name, c := range map[string]struct {
		fault error
		want  []time.Duration
	}{
		"a bare status":       {status.Error(codes.Unavailable, "m"), []time.Duration{time.Second}},
		"a refusal":           {away(0), []time.Duration{time.Second}},
		"a known time":        {away(200), []time.Duration{200 * time.Millisecond}},
		"a refusal's cause":   {rpc.Because(away(0), errors.New("x")), []time.Duration{time.Second}},
		"nothing to wait for": {status.Error(codes.NotFound, "m"), nil},
	} {
		fault = c.fault
		for how, ask := range map[string]func(context.Context, *grpc.ClientConn) (string, error){"unary": callOnce, "stream": watch} {
			_, err := ask(t.Context(), conn)
			var waits []time.Duration
			for _, detail := range status.Convert(err).Details() {
				if retry, ok := detail.(*errdetails.RetryInfo); ok {
					waits = append(waits, retry.GetRetryDelay().AsDuration())
				}
			}
			if !slices.Equal(waits, c.want) {
				t.Errorf("%s, %s: come back in %v, want %v", name, how, waits, c.want)
			}
		}
	}
}
