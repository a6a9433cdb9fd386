//go:build e2e

package stack_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/access"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// adminPatience bounds how long the door may take to find a service, and a
// record of the audit to reach the store.
const adminPatience = time.Minute

// dialed is a connection to the address for admins, with a token.
func dialed(t *testing.T, token string) *grpc.ClientConn {
	t.Helper()
	conn, err := rpc.Dial(plain.GRPC(), token, config.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func adminToken(t *testing.T) string {
	t.Helper()
	token, err := plain.Secret("admin-token")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// testAddressOfAdmins: the audit says who called, not only that HAProxy did;
// and nobody chooses that address.
func testAddressOfAdmins(t *testing.T) {
	const chosen = "203.0.113.7"
	began := time.Now().Add(-time.Minute)
	conn := dialed(t, adminToken(t))
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), "x-forwarded-for", chosen, "forwarded", "for="+chosen), adminPatience)
	defer cancel()
	if _, err := historyv1.NewRoomsClient(conn).Create(ctx, &historyv1.CreateRequest{Room: "from-afar", Name: "From afar", Kind: chatv1.RoomKind_PUBLIC, Owner: "ana"}); err != nil {
		t.Fatal(err)
	}
	if _, err := presencev1.NewPresenceClient(conn).ListRoom(ctx, &presencev1.ListRoomRequest{Room: "from-afar"}); err != nil {
		t.Fatal(err)
	}
	var records []*accessv1.AuditRecord
	natstest.Eventually(t, adminPatience, "both calls are in the audit", func() bool {
		page, err := historyv1.NewAuditClient(conn).List(t.Context(), &historyv1.AuditListRequest{Room: "from-afar", Since: timestamppb.New(began)})
		records = page.GetRecords()
		return err == nil && len(records) == 2
	})
	stack := netip.MustParsePrefix(plainSubnet)
	for _, r := range records {
		proxy, err1 := netip.ParseAddrPort(r.GetAddress())
		caller, err2 := netip.ParseAddr(r.GetForwarded())
		if err1 != nil || err2 != nil || !stack.Contains(proxy.Addr()) || caller == proxy.Addr() || caller.String() == chosen {
			t.Errorf("%s was called from %q for %q (%v, %v)", r.GetService(), r.GetAddress(), r.GetForwarded(), err1, err2)
		}
	}
}

// testFileOfAdmins: who is written into admins/tokens may do what their line
// says with the next call, and nothing once it is gone; nothing is restarted.
func testFileOfAdmins(t *testing.T) {
	token, digest := access.Mint()
	scopes, err := access.ParseScopes("read")
	if err != nil {
		t.Fatal(err)
	}
	conn := dialed(t, token)
	calls := map[string]func(context.Context) error{
		"history": func(ctx context.Context) error {
			_, err := historyv1.NewRoomsClient(conn).List(ctx, &historyv1.ListRequest{}, grpc.WaitForReady(true))
			return err
		},
		"presence": func(ctx context.Context) error {
			_, err := presencev1.NewPresenceClient(conn).GetUsers(ctx, &presencev1.GetUsersRequest{Users: []string{"ana"}}, grpc.WaitForReady(true))
			return err
		},
	}
	becomes := func(want codes.Code) {
		t.Helper()
		for service, call := range calls {
			natstest.Eventually(t, adminPatience, service+" answers "+want.String(), func() bool {
				ctx, cancel := context.WithTimeout(t.Context(), adminPatience)
				defer cancel()
				return status.Code(call(ctx)) == want
			})
		}
	}
	file := filepath.Join(plain.Admins(), "tokens")
	replace := func(content string) { // as editors do: by another file of that name
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	becomes(codes.Unauthenticated)
	replace(access.Entry{Name: "ci", Scopes: scopes, Digest: &digest}.String() + "\n")
	becomes(codes.OK)
	if _, err := historyv1.NewUsersClient(conn).Revoke(t.Context(), &historyv1.RevokeRequest{User: "mallory"}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("who may read revokes: %v", err)
	}
	replace("")
	becomes(codes.Unauthenticated)
}
