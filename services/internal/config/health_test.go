package config_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestHealth: the flag asks the running program, wherever it was told to listen.
func TestHealth(t *testing.T) {
	fault := atomic.Pointer[string]{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		if why := fault.Load(); why != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, *why)
			return
		}
		fmt.Fprint(w, "ok\n")
	}))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"127.0.0.1:" + port, ":" + port, "0.0.0.0:" + port} {
		t.Setenv("NATTER_OPS_ADDR", addr)
		if _, out, handled, err := parse(t, "--health"); !handled || err != nil || out != "ok\n" {
			t.Errorf("ready at %s: %v, %v, %q", addr, handled, err, out)
		}
	}
	why := "nats: no connection to NATS\n"
	fault.Store(&why)
	if _, out, handled, err := parse(t, "--health"); !handled || err == nil || err.Error() != "not ready: nats: no connection to NATS" || out != "" {
		t.Errorf("not ready: %v, %v, %q", handled, err, out)
	}
	server.Close()
	if _, _, handled, err := parse(t, "--health"); !handled || err == nil || !strings.HasPrefix(err.Error(), "no answer from the running program: ") {
		t.Errorf("not running: %v, %v", handled, err)
	}
}
