package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// logged are the lines of all programs of a deployment, in JSON, that are of a
// request.
func logged(d *shape.Deployment, request string) (lines []map[string]any) {
	for _, p := range d.Processes {
		for line := range strings.Lines(p.Tail(100_000)) {
			var fields map[string]any
			if json.Unmarshal([]byte(line), &fields) == nil && fields["request"] == request {
				lines = append(lines, fields)
			}
		}
	}
	return lines
}

// TestLinesNameTheirRequest: each line about an admin's call says which one it
// is, as the caller named it, and its trace; the audit's line and what the
// service says of it agree.
func TestLinesNameTheirRequest(t *testing.T) {
	t.Parallel()
	for _, s := range []shape.Shape{shape.Standalone(), shape.Split()} {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			d := alone(t, s, append(tracing(collecting(t)), "NATTER_LOG_FORMAT=json")...)
			history, gateways := dialAdmin(t, d.History, d.AdminToken), dialAdmin(t, d.GatewayRPC[0], d.AdminToken).Gateways
			for request, call := range map[string]func(metadata.MD) error{
				"request-of-history": func(md metadata.MD) error {
					_, err := history.Users.Revoke(metadata.NewOutgoingContext(t.Context(), md), &historyv1.RevokeRequest{User: "ana"})
					return err
				},
				"request-of-gateway": func(md metadata.MD) error {
					_, err := gateways.Disconnect(metadata.NewOutgoingContext(t.Context(), md), &gatewayv1.DisconnectRequest{User: "ana"})
					return err
				},
			} {
				if err := call(metadata.Pairs("natter-request-id", request)); err != nil {
					t.Fatal(err)
				}
				natstest.Eventually(t, client.Patience, "the lines of "+request, func() bool { return len(logged(d, request)) >= 2 })
				traces := map[any]bool{}
				for _, line := range logged(d, request) {
					trace, _ := line["trace"].(string)
					if traces[trace] = true; len(trace) != 32 {
						t.Errorf("a line does not say its trace: %v", line)
					}
				}
				if len(traces) != 1 {
					t.Errorf("the lines of %s are of the traces %v", request, traces)
				}
			}
		})
	}
}
