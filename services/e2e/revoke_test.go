package e2e_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/internal/natstest"
)

func timeOf(t time.Time) *timestamppb.Timestamp { return timestamppb.New(t) }

func dialAdmin(t *testing.T, target, secret string) *admin.Client {
	t.Helper()
	c, err := admin.Dial(target, secret)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// issued is a token of the user's that was made at a time.
func issued(d *shape.Deployment, user string, at time.Time) string {
	return token.For(user, "Ana").With("iat", at.Unix()).Sign(d.JWTSecret)
}

// TestRevoke: sessions with an older token are closed on all gateways, and
// none begins with one; newer tokens hold.
func TestRevoke(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		user, now := unique(t, "ana"), time.Now()
		old, unsaid := issued(d, user, now.Add(-time.Hour)), token.For(user, "Ana").With("iat", nil).Sign(d.JWTSecret)
		fresh := issued(d, user, now.Add(-time.Second))
		var closing, staying []*session
		for i := range 2 {
			for _, jwt := range []string{old, unsaid, fresh} {
				s := dial(t, d, i)
				s.greet(user, jwt, nil)
				if jwt == fresh {
					staying = append(staying, s)
				} else {
					closing = append(closing, s)
				}
			}
		}
		staying = append(staying, enter(t, d, 1, unique(t, "bo")))
		if _, err := dialAdmin(t, d.History, d.ServiceToken).Users.Revoke(t.Context(), &historyv1.RevokeRequest{User: user}); status.Code(err) != codes.PermissionDenied {
			t.Errorf("a service revokes: %v", err)
		}
		users := dialAdmin(t, d.History, d.AdminToken).Users
		if _, err := users.Revoke(t.Context(), &historyv1.RevokeRequest{User: user, Before: timeOf(now.Add(-time.Minute))}); err != nil {
			t.Fatal(err)
		}
		for _, s := range closing {
			s.closed(4403)
		}
		for _, s := range staying {
			s.ping()
		}
		for i := range 2 {
			s := dial(t, d, i)
			s.refused("hello", M{"token": old}, "UNAUTHENTICATED", "token")
			s.closed(4403)
		}
		staying[0].refused("refresh", M{"token": old}, "UNAUTHENTICATED", "token")
		staying[0].closed(4403)
		again := dial(t, d, 0)
		again.greet(user, fresh, nil)
		again.ok("refresh", M{"token": fresh})
	})
}

// TestRevokedGuest does not come back as the same guest.
func TestRevokedGuest(t *testing.T) {
	t.Parallel()
	everywhereAlone(t, []string{"NATTER_GUESTS_PER_MINUTE=0"}, func(t *testing.T, d *shape.Deployment) {
		_, ana := askForGuest(t, d, 0, `{"name":"Ana"}`, nil)
		s := dial(t, d, 1)
		s.greet(ana.User.ID, ana.Token, nil)
		users := dialAdmin(t, d.History, d.AdminToken).Users
		if _, err := users.Revoke(t.Context(), &historyv1.RevokeRequest{User: ana.User.ID}); err != nil {
			t.Fatal(err)
		}
		s.closed(4403)
		for i := range 2 {
			if code, answer := askForGuest(t, d, i, asJSON(t, M{"token": ana.Token}), nil); code != 401 || answer.Token != "" {
				t.Errorf("a revoked guest is renewed: %d %+v", code, answer)
			}
		}
	})
}

// TestDisconnect: whichever gateway is asked, all do it.
func TestDisconnect(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		user := unique(t, "ana")
		other := enter(t, d, 0, unique(t, "bo"))
		for i, target := range d.GatewayRPC {
			if _, err := dialAdmin(t, target, d.ServiceToken).Gateways.Disconnect(t.Context(), &gatewayv1.DisconnectRequest{User: user}); status.Code(err) != codes.PermissionDenied {
				t.Errorf("a service disconnects: %v", err)
			}
			gateways := dialAdmin(t, target, d.AdminToken).Gateways
			natstest.Eventually(t, client.Patience, "all gateways know of each other", func() bool { // some may have started just now
				answer, err := gateways.Disconnect(t.Context(), &gatewayv1.DisconnectRequest{User: unique(t, "nobody")})
				return err == nil && int(answer.GetGateways()) == len(d.Gateways)
			})
			here, there := enter(t, d, 0, user), enter(t, d, 1, user)
			answer, err := gateways.Disconnect(t.Context(), &gatewayv1.DisconnectRequest{User: user, MayReturn: i == 1})
			if err != nil || answer.GetSessions() != 2 || int(answer.GetGateways()) != len(d.Gateways) || len(answer.GetSilent()) != 0 {
				t.Errorf("gateway %d answers %v, %v", i, answer, err)
			}
			want := map[bool]int{false: 4403, true: 4001}[i == 1]
			here.closed(want)
			there.closed(want)
		}
		other.ping()
	})
}

// TestWarningBeforeExpiry: a client is told in time that its token expires, and
// a refresh is enough.
func TestWarningBeforeExpiry(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		user := unique(t, "ana")
		s := dial(t, d, 0)
		s.greet(user, token.For(user, "Ana").With("exp", time.Now().Add(5*time.Second).Unix()).Sign(d.JWTSecret), nil)
		s.await("a warning", 0, func(f client.Frame) bool { return f.Goaway != nil && f.Goaway.Reason == "token expires" })
		s.ok("refresh", M{"token": token.For(user, "Ana").Sign(d.JWTSecret)})
		s.ping()
	})
}
