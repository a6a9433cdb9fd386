package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// TestAudit: what admins did, on whichever service, and what they were refused,
// can be asked for; of who was erased the id is gone.
func TestAudit(t *testing.T) {
	t.Parallel()
	everywhereAlone(t, nil, func(t *testing.T, d *shape.Deployment) {
		began := time.Now().Add(-time.Minute)
		const room, user, text = "audited", "mallory", "what was said"
		moderator, eraser := dialAdmin(t, d.History, d.Scoped["moderate"]), dialAdmin(t, d.History, d.Scoped["erase"])
		if _, err := moderator.Rooms.Create(t.Context(), &historyv1.CreateRequest{Room: room, Name: room, Kind: chatv1.RoomKind_PUBLIC, Owner: user}); err != nil {
			t.Fatal(err)
		}
		if _, err := moderator.Messages.Post(t.Context(), &historyv1.PostRequest{Room: room, User: user, Text: text, ClientMsgId: "1"}); err != nil {
			t.Fatal(err)
		}
		if _, err := dialAdmin(t, d.GatewayRPC[0], d.Scoped["moderate"]).Gateways.Disconnect(t.Context(), &gatewayv1.DisconnectRequest{User: user}); err != nil {
			t.Fatal(err)
		}
		if _, err := presencev1.NewPresenceClient(dialed(t, d.Presence, d.Scoped["read"])).ListRoom(t.Context(), &presencev1.ListRoomRequest{Room: room}); err != nil {
			t.Fatal(err)
		}
		if _, err := eraser.Users.Revoke(t.Context(), &historyv1.RevokeRequest{User: user}); status.Code(err) != codes.PermissionDenied {
			t.Fatalf("an eraser revokes: %v", err)
		}
		line := func(r *accessv1.AuditRecord) string {
			return fmt.Sprintln(r.GetService(), r.GetWho(), r.GetMethod(), r.GetRoom(), r.GetUser(), r.GetCode())
		}
		list := func(in *historyv1.AuditListRequest) (text string) {
			t.Helper()
			in.Since, in.Limit = timestamppb.New(began), 2
			for {
				page, err := historyv1.NewAuditClient(dialed(t, d.History, d.Scoped["operate"])).List(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.GetRecords() {
					text += line(r)
					if r.GetAddress() == "" || r.GetRequest() == "" || !strings.HasPrefix(r.GetAddress(), "127.0.0.1:") {
						t.Errorf("it does not say from where: %v", r)
					}
				}
				if in.Cursor = page.GetCursor(); in.Cursor == "" {
					return text
				}
			}
		}
		want := []string{
			"history only-moderate /natter.history.v1.Rooms/Create audited mallory OK\n",
			"history only-moderate /natter.history.v1.Messages/Post audited mallory OK\n",
			"gateway only-moderate /natter.gateway.v1.Gateways/Disconnect  mallory OK\n",
			"presence only-read /natter.presence.v1.Presence/ListRoom audited  OK\n",
			"history only-erase /natter.history.v1.Users/Revoke  mallory PermissionDenied\n",
		}
		natstest.Eventually(t, client.Patience, "all records are there", func() bool {
			all := list(&historyv1.AuditListRequest{})
			for _, line := range want {
				if !strings.Contains(all, line) {
					return false
				}
			}
			return !strings.Contains(all, text)
		})
		if got := list(&historyv1.AuditListRequest{Who: "only-moderate", Method: "Rooms/"}); got != want[0] {
			t.Errorf("by the moderator, on rooms:\n%s", got)
		}
		if got := list(&historyv1.AuditListRequest{Room: room, User: user}); strings.Count(got, "\n") != 2 {
			t.Errorf("on the user in the room:\n%s", got)
		}
		if out := mustNatterctl(t, d, "audit", "list", "--method", "Disconnect"); !strings.Contains(out, "only-moderate") || !strings.Contains(out, "gateway.v1.Gateways/Disconnect") || !strings.Contains(out, "user mallory") {
			t.Errorf("natterctl audit list:\n%s", out)
		}
		mustNatterctl(t, d, "user", "erase", user, "--yes")
		natstest.Eventually(t, client.Patience, "the erasure is in the audit, and the user's id is not", func() bool {
			all := list(&historyv1.AuditListRequest{})
			return !strings.Contains(all, user) && strings.Contains(list(&historyv1.AuditListRequest{User: user}), "admin /natter.history.v1.Users/Erase  erased:")
		})
		for scope, token := range d.Scoped {
			if _, err := historyv1.NewAuditClient(dialed(t, d.History, token)).List(t.Context(), &historyv1.AuditListRequest{}); (err == nil) != (scope == "operate") {
				t.Errorf("the audit is told to %s: %v", scope, err)
			}
		}
	})
}

// dialed is a connection with a token.
func dialed(t *testing.T, addr, token string) *grpc.ClientConn {
	t.Helper()
	return dialedBy(t, addr, token, config.TLS{})
}

// dialedBy is dialed with TLS.
func dialedBy(t *testing.T, addr, token string, files config.TLS) *grpc.ClientConn {
	t.Helper()
	conn, err := rpc.Dial(addr, token, files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
