package natterctl

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
)

var revokedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// usersFixture is the fixture's users: the services share method names.
type usersFixture struct {
	historyv1.UnimplementedUsersServer
	fixture *fixture
}

func (u usersFixture) Revoke(ctx context.Context, q *historyv1.RevokeRequest) (*historyv1.RevokeResponse, error) {
	if err := u.fixture.admit(ctx); err != nil {
		return nil, err
	}
	u.fixture.revoked = q
	return &historyv1.RevokeResponse{Before: timestamppb.New(revokedAt)}, nil
}

// gatewaysFixture is the fixture's gateways.
type gatewaysFixture struct {
	gatewayv1.UnimplementedGatewaysServer
	*fixture
}

func (f gatewaysFixture) Disconnect(ctx context.Context, q *gatewayv1.DisconnectRequest) (*gatewayv1.DisconnectResponse, error) {
	if err := f.admit(ctx); err != nil {
		return nil, err
	}
	f.thrown = q
	return &gatewayv1.DisconnectResponse{Sessions: 3, Gateways: 2, Silent: f.silent}, nil
}

func TestUserRevoke(t *testing.T) {
	f := &fixture{}
	f.serve(t)
	natterctl(t, "user", "revoke", "ana").want(t, 0, strings.TrimLeft(`
user         ana
void before  2026-03-01 12:00:00Z
`, "\n"), "")
	if f.revoked.GetUser() != "ana" || f.revoked.Before != nil {
		t.Errorf("asked %v", f.revoked)
	}
	natterctl(t, "user", "revoke", "guest:x", "--before", "2026-02-01T10:00:00+01:00", "-o", "json").want(t, 0, "{\n  \"before\": \"2026-03-01T12:00:00Z\"\n}\n", "")
	if f.revoked.GetUser() != "guest:x" || !f.revoked.GetBefore().AsTime().Equal(time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("asked %v", f.revoked)
	}
}

func TestUserDisconnect(t *testing.T) {
	f := &fixture{}
	f.serve(t)
	natterctl(t, "user", "disconnect", "ana", "--reason", "a word", "--may-return").want(t, 0, strings.TrimLeft(`
user             ana
sessions closed  3
gateways         2
`, "\n"), "")
	if f.thrown.GetUser() != "ana" || f.thrown.GetReason() != "a word" || !f.thrown.GetMayReturn() {
		t.Errorf("asked %v", f.thrown)
	}
	f.silent = []string{"gw-3"}
	natterctl(t, "user", "disconnect", "ana").want(t, 4, strings.TrimLeft(`
user             ana
sessions closed  3
gateways         2
no answer        gw-3
`, "\n"), "natterctl: some gateways did not answer (gw-3); the user may still be connected there\nNext: repeat it; a gateway that has died is forgotten after ten seconds.\n")
}
