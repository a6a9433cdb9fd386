package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

func TestBadTokens(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		good := token.For(unique(t, "eve"), "Eve")
		signed := good.Sign(d.JWTSecret)
		past, future := time.Now().Add(-time.Hour).Unix(), time.Now().Add(time.Hour).Unix()
		for what, bad := range map[string]string{
			"nothing":             "",
			"no JWT":              "let me in",
			"another secret":      good.Sign("another secret, that is long enough"),
			"no signature":        good.Unsigned(),
			"signature cut off":   signed[:strings.LastIndexByte(signed, '.')+1],
			"another algorithm":   good.SignAs(`{"alg":"HS512"}`, d.JWTSecret),
			"algorithm none":      good.SignAs(`{"alg":"none"}`, d.JWTSecret),
			"critical header":     good.SignAs(`{"alg":"HS256","crit":["x"],"x":1}`, d.JWTSecret),
			"expired":             good.With("exp", past).Sign(d.JWTSecret),
			"never expires":       good.With("exp", nil).Sign(d.JWTSecret),
			"not yet":             good.With("nbf", future).Sign(d.JWTSecret),
			"nobody":              good.With("sub", nil).Sign(d.JWTSecret),
			"a number":            good.With("sub", 7).Sign(d.JWTSecret),
			"long user":           good.With("sub", strings.Repeat("u", 129)).Sign(d.JWTSecret),
			"control characters":  good.With("sub", "a\nb").Sign(d.JWTSecret),
			"long name":           good.With("name", strings.Repeat("n", 129)).Sign(d.JWTSecret),
			"guest of the issuer": good.With("sub", "guest:abcdefgh").Sign(d.JWTSecret),
			"guest's issuer":      good.With("sub", "guest:abcdefgh").With("iss", "natter-guest").Sign(d.JWTSecret),
		} {
			t.Run(what, func(t *testing.T) {
				s := dial(t, d, 0)
				s.refused("hello", M{"token": bad}, "UNAUTHENTICATED", "token")
				s.closed(4401)
			})
		}
	})
}

// TestTokenInURL: an address ends in logs, so a token there is no token.
func TestTokenInURL(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		jwt := token.For(unique(t, "ana"), "Ana").Sign(d.JWTSecret)
		for _, name := range []string{"token", "access_token", "jwt"} {
			response := get(t, gateway(d, 0)+"/v1/config?"+name+"="+jwt)
			response.Body.Close()
		}
		for _, p := range d.Processes {
			if strings.Contains(p.Tail(1000), jwt) {
				t.Errorf("%s logs a token that came in a URL", p.Name())
			}
		}
	})
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		user := unique(t, "ana")
		short := func() string {
			return token.For(user, "Ana").With("exp", time.Now().Add(3*time.Second).Unix()).Sign(d.JWTSecret)
		}
		let, kept := dial(t, d, 0), dial(t, d, 0)
		let.greet(user, short(), nil)
		kept.greet(user, short(), nil)
		kept.ok("refresh", M{"token": token.For(user, "Ana").Sign(d.JWTSecret)})
		let.closed(4002)
		kept.ping()
	})
}

func TestRefresh(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		s := enter(t, d, 0, unique(t, "ana"))
		s.refused("refresh", M{"token": "not a token"}, "UNAUTHENTICATED", "token")
		other := enter(t, d, 0, unique(t, "ana"))
		if _, err := other.Post("refresh", M{"token": token.For(unique(t, "bo"), "Bo").Sign(d.JWTSecret)}); err != nil {
			t.Fatal(err)
		}
		other.closed(4401)
	})
}

// TestUserIDs: what a user is called is the application's business, and never
// a subject's.
func TestUserIDs(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		watcher := enter(t, d, 1, unique(t, "watcher"))
		room := watcher.create(unique(t, "room"), nil).Room
		for _, user := range []string{">", "*", "a.b", "a b", "$SYS", "=41", "安娜", "ana@example.org", "<b>&amp;", strings.Repeat("u", 128), "../..", "user:with:colons"} {
			s := dial(t, d, 0)
			s.greet(user, token.For(user, "").With("name", nil).Sign(d.JWTSecret), nil)
			if s.welcome.User.ID != user || s.welcome.User.Name != user {
				t.Errorf("user %q is welcomed as %q, named %q", user, s.welcome.User.ID, s.welcome.User.Name)
			}
			s.view("join", M{"room": room})
			ack := s.send(room, "from "+user)
			if event := watcher.event(room, ack.Seq); event.User != user || event.Message == nil || event.Message.Text != "from "+user {
				t.Errorf("a message of %q came as %+v", user, event)
			}
			watcher.await(user+" online", 0, func(f client.Frame) bool {
				return f.PresenceChange != nil && f.PresenceChange.Room == room && f.PresenceChange.State(user) == "ONLINE"
			})
		}
	})
}
