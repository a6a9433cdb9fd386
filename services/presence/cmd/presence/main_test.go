package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestLife starts the program without a NATS server, gives it one, and stops
// it.
func TestLife(t *testing.T) {
	server := natstest.Start(t, natstest.Listening())
	url := server.URL()
	seed := filepath.Join(t.TempDir(), "presence.nk")
	if err := os.WriteFile(seed, server.Keys()[natsx.Presence].Seed, 0o600); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	t.Setenv("NATTER_SERVICE_TOKEN", "a service token of a test")
	addr := freeAddr(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- program(ctx, []string{"--nats-url", url, "--nats-creds", seed, "--grpc-addr", "127.0.0.1:0", "--ops-addr", addr})
	}()
	natstest.Eventually(t, 10*time.Second, "it says that NATS is away", func() bool {
		return strings.HasPrefix(get(addr, "/readyz"), "503 presence: no connection to NATS yet")
	})
	server.Restart(t)
	natstest.Eventually(t, 15*time.Second, "it is ready", func() bool { return strings.HasPrefix(get(addr, "/readyz"), "200") })
	if metrics := get(addr, "/metrics"); !strings.Contains(metrics, "natter_presence_sessions 0") {
		t.Errorf("metrics: %.200s", metrics)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it does not stop")
	}
}

func TestFaultsAreNamed(t *testing.T) {
	t.Setenv("NATTER_SERVICE_TOKEN", "a service token of a test")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--grpc-addr", "nowhere:x"}, "NATTER_GRPC_ADDR"},
		{[]string{"--grpc-addr", "127.0.0.1:0", "--ops-addr", "nowhere:x"}, "NATTER_OPS_ADDR"},
		{[]string{"--service-token", "short"}, "NATTER_SERVICE_TOKEN"},
		{[]string{"--presence-ended-grace", "soon"}, "NATTER_PRESENCE_ENDED_GRACE"},
	} {
		err := program(t.Context(), test.args)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %s named", test.args, err, test.want)
		}
	}
}

func freeAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// get is the status and the body.
func get(addr, path string) string {
	resp, err := http.Get("http://" + addr + path)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return fmt.Sprint(resp.StatusCode, " ", string(body))
}
