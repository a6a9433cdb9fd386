package e2e_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

func TestWelcome(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		user := unique(t, "ana")
		s := dial(t, d, 0)
		s.greet(user, token.For(user, "Ana B.").With("picture", "https://example.com/a.png").Sign(d.JWTSecret), M{"agent": "e2e/1"})
		w := s.welcome
		if w.User.ID != user || w.User.Name != "Ana B." || w.User.Avatar == nil || *w.User.Avatar != "https://example.com/a.png" {
			t.Errorf("the user is %+v", w.User)
		}
		if w.Session == "" || w.Epoch == "0" {
			t.Errorf("session %q, epoch %s", w.Session, w.Epoch)
		}
		if len(w.Rooms) != 0 {
			t.Errorf("a user without rooms is in %v", w.Rooms)
		}
		if off := time.Since(w.ServerTime).Abs(); off > client.Patience {
			t.Errorf("the server's clock is off by %s", off)
		}
		other := enter(t, d, 1, user)
		if other.welcome.Session == w.Session || other.welcome.Epoch != w.Epoch {
			t.Errorf("a second session has session %q, epoch %s; the first %q, %s", other.welcome.Session, other.welcome.Epoch, w.Session, w.Epoch)
		}
	})
}

// TestLimits: what a client is told, with all settings as they come.
func TestLimits(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Standalone())
	want := map[string]uint32{
		"frameBytes": 64 << 10, "textBytes": 16 << 10, "dataBytes": 4 << 10, "reactionsPerMessage": 20, "membersPerRoom": 10_000, "liveRooms": 200,
		"sessionsPerUser": 10, "sendsPerSecond": 10, "sendsBurst": 30, "typingIntervalMs": 2000, "pingIntervalMs": 25_000, "pongTimeoutMs": 10_000,
		"page": 100, "searchTerms": 50, "replayEvents": 500, "signalsPerSecond": 20, "requestsPerSecond": 50, "requestsBurst": 400,
		"userSendsPerSecond": 30, "userSendsBurst": 90, "userRequestsPerSecond": 150, "userRequestsBurst": 1200, "readIntervalMs": 1000,
	}
	s := enter(t, d, 0, "ana")
	if !maps.Equal(s.welcome.Limits, want) {
		t.Errorf("limits are %v, not %v", s.welcome.Limits, want)
	}
	t.Run("sends", func(t *testing.T) { overSending(t, d) })
	t.Run("sessions", func(t *testing.T) { tooManySessions(t, d) })
	t.Run("flood", func(t *testing.T) { flood(t, d) })
}

// overSending: the burst passes, then some wait, and the connection lives.
func overSending(t *testing.T, d *shape.Deployment) {
	s := enter(t, d, 0, unique(t, "ana"))
	room := s.create(unique(t, "room"), nil).Room
	ids := make([]uint32, 60)
	for i := range ids {
		var err error
		if ids[i], err = s.Post("send", s.message(room, "x")); err != nil {
			t.Fatal(err)
		}
	}
	acked, limited := 0, 0
	for _, id := range ids {
		reply, err := s.Reply(t.Context(), id)
		switch {
		case err != nil:
			t.Fatal(err)
		case reply.Ack != nil:
			acked++
		case reply.Error != nil && reply.Error.Code == "RATE_LIMITED" && reply.Error.RetryAfterMs != nil && *reply.Error.RetryAfterMs > 0:
			limited++
		default:
			t.Fatalf("a send was answered with %s", reply)
		}
	}
	if acked < 30 || limited == 0 {
		t.Errorf("of %d sends at once %d were acked and %d told to wait; a burst of 30 is allowed", len(ids), acked, limited)
	}
	s.ping()
}

func tooManySessions(t *testing.T, d *shape.Deployment) {
	user := unique(t, "ana")
	for range 10 {
		enter(t, d, 0, user)
	}
	eleventh := dial(t, d, 0)
	if _, err := eleventh.Hello(t.Context(), M{"token": token.For(user, "Ana").Sign(d.JWTSecret)}); err == nil {
		t.Error("an eleventh session of one user was let in")
	}
	eleventh.closed(4409)
}

// flood: who asks too much is told to wait, and who does not listen is let go.
func flood(t *testing.T, d *shape.Deployment) {
	s := enter(t, d, 0, unique(t, "ana"))
	for range 20_000 {
		if _, err := s.Post("ping", M{}); err != nil {
			break
		}
	}
	s.closed(4009)
	limited := s.await("a refusal", 0, func(f client.Frame) bool { return f.Error != nil })
	if limited.Error.Code != "RATE_LIMITED" || limited.Error.RetryAfterMs == nil {
		t.Errorf("a flood is answered with %s", limited)
	}
}

// TestBadHello: a hello that is wrong by its form is refused, and another may
// follow.
func TestBadHello(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		s := dial(t, d, 0)
		user := unique(t, "ana")
		jwt := token.For(user, "Ana").Sign(d.JWTSecret)
		many := make([]M, 201)
		for i := range many {
			many[i] = M{"room": fmt.Sprint("r", i), "seq": uint32(1)}
		}
		for i, c := range []struct {
			more  M
			field string
		}{
			{M{"state": "OFFLINE"}, "state"}, {M{"state": "NOPE"}, "state"}, {M{"agent": strings.Repeat("a", 129)}, "agent"}, {M{"agent": 7}, "agent"},
			{M{"epoch": "x"}, "epoch"}, {M{"epoch": -1}, "epoch"}, {M{"resume": "x"}, "resume"}, {M{"resume": []M{{"room": ">", "seq": uint32(1)}}}, "resume"},
			{M{"resume": []M{{"room": "a", "seq": uint32(1)}, {"room": "a", "seq": uint32(2)}}}, "resume"}, {M{"resume": many}, "resume"},
		} {
			body := M{"token": jwt}
			maps.Copy(body, c.more)
			reply := s.do("hello", body)
			if reply.Error == nil || reply.Error.Code != "BAD_REQUEST" && reply.Error.Code != "TOO_LARGE" || reply.Error.Field == nil || *reply.Error.Field != c.field {
				t.Errorf("hello with %.100v is answered with %s", c.more, reply)
			}
			if i%5 == 4 { // ten in a row would be too many
				s = dial(t, d, 0)
			}
		}
		s.greet(user, jwt, nil)
	})
}

func TestBeforeHello(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		s := dial(t, d, 0)
		s.refused("ping", M{}, "UNAUTHENTICATED", "")
		s.refused("rooms", M{}, "UNAUTHENTICATED", "")
		s.greet(unique(t, "ana"), token.For(unique(t, "bo"), "Bo").Sign(d.JWTSecret), nil)
		s.ping()
	})
}

func TestSecondHello(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		s := enter(t, d, 0, unique(t, "ana"))
		if reply := s.do("hello", M{"token": s.token}); reply.Error == nil {
			t.Errorf("a second hello was answered with %s", reply)
		}
		s.ping()
	})
}

func TestNoHelloInTime(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		began := time.Now()
		s := dial(t, d, 0)
		s.closed(4408)
		if after := time.Since(began); after < 9*time.Second {
			t.Errorf("closed after %s; a client has 10 s", after)
		}
	})
}
