//go:build e2e

package stack_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// testOneAddressForAdmins: the services' gRPC is reached through one address.
func testOneAddressForAdmins(t *testing.T) {
	token, err := plain.Secret("admin-token")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := rpc.Dial(plain.GRPC(), token, config.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := historyv1.NewRoomsClient(conn).List(ctx, &historyv1.ListRequest{}, grpc.WaitForReady(true)); err != nil {
		t.Errorf("history: %v", err)
	}
	if _, err := presencev1.NewPresenceClient(conn).GetUsers(ctx, &presencev1.GetUsersRequest{Users: []string{"ana"}}); err != nil {
		t.Errorf("presence: %v", err)
	}
	out, err := plain.Compose(ctx, "run", "--rm", "natterctl", "rooms", "list")
	if err != nil || !strings.Contains(out, "ROOM") {
		t.Errorf("natterctl in the stack says %q (%v)", out, err)
	}
}

// testForwardedAddress: nobody chooses the address that they are limited by.
func testForwardedAddress(t *testing.T) {
	refused := false
	for i := range 40 { // the stack of the tests lets 30 guests a minute in
		body := bytes.NewBufferString(fmt.Sprintf(`{"name":"guest %d"}`, i))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, plain.Web()+"/v1/guest", body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		refused = refused || response.StatusCode == http.StatusTooManyRequests
	}
	if !refused {
		t.Error("40 guests came in from one address that named 40")
	}
}

// testNotForThePublic: what operators look at is not behind the public's port.
func testNotForThePublic(t *testing.T) {
	for _, path := range []string{"/metrics", "/readyz", "/healthz", "/debug/pprof/", "/stats", "/;csv"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, plain.Web()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
}
