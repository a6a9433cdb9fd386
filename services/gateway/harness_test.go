package gateway

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/natter-chat/natter/services/gateway/gatewaytest"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

const (
	testSecret  = "a-secret-of-tests-9f8e7d"
	guestSecret = "a-secret-of-guests-1a2b3c"
	patience    = 20 * time.Second
)

// rig is a gateway with everything that it needs.
type rig struct {
	*Gateway
	town *gatewaytest.Town
	nats *natstest.Server
	http *httptest.Server
	stop func() // and wait
}

func testConfig() Config {
	return Config{
		JWTSecret: testSecret, Guests: true, GuestSecret: guestSecret, GuestsPerMinute: 5, DefaultRoom: "lobby",
		SendsPerSecond: 0, SendsBurst: 30, RequestsPerSecond: 0, RequestsBurst: 400, SignalsPerSecond: 20,
		TypingInterval: 2 * time.Second, ReadInterval: time.Second, UserRates: 3,
		SessionsPerUser: 10, LiveRooms: 200, FrameBytes: 64 << 10, TextBytes: 16 << 10, DataBytes: 4 << 10, OutboxBytes: 1 << 20,
		HelloTimeout: 10 * time.Second, PingInterval: 25 * time.Second, PongTimeout: 10 * time.Second,
		FeedLinger: time.Minute, Drain: time.Second,
	}
}

// start starts a gateway over a town of its own.
func start(t testing.TB, change ...func(*Config)) *rig {
	t.Helper()
	server := natstest.Start(t, natstest.WithoutSync())
	town := gatewaytest.Start(t, server.Connect(t, natsx.Operator))
	return startWith(t, server, town, change...)
}

func startWith(t testing.TB, server *natstest.Server, town *gatewaytest.Town, change ...func(*Config)) *rig {
	t.Helper()
	return startOn(t, server, town, nil, change...)
}

// startOn starts a gateway with an exchange; nil: it has none.
func startOn(t testing.TB, server *natstest.Server, town *gatewaytest.Town, x *direct.Exchange, change ...func(*Config)) *rig {
	t.Helper()
	cfg := testConfig()
	for _, c := range change {
		c(&cfg)
	}
	conn := town.Conn()
	g, err := New(cfg, server.Connect(t, natsx.Gateway), conn, conn, testLog(), prometheus.NewRegistry(), WithExchange(x))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Gateway: g, town: town, nats: server, http: httptest.NewServer(g.Handler())}
	t.Cleanup(r.http.Close)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	t.Cleanup(r.stop)
	natstest.Eventually(t, patience, "the gateway is ready", func() bool {
		for _, c := range g.Checks() {
			if c.Name != "keys" && c.Ready() != nil { // tests of keys wait for them by themselves
				return false
			}
		}
		return true
	})
	return r
}

func testLog() *slog.Logger {
	var w io.Writer = io.Discard
	if os.Getenv("NATTER_TEST_LOG") != "" {
		w = os.Stderr
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// token is a token of the application's issuer.
func tokenOf(t testing.TB, user string, life time.Duration) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": user, "name": "name of " + user, "exp": jwt.NewNumericDate(time.Now().Add(life))}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(testSecret))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
