package e2e_test

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// publicSubjects are all that may pass in natter's account: section 3 of the
// design, and what NATS itself needs. A room's token is the room's id as it is,
// since no other id is taken; a user's may hold escapes.
func publicSubjects() *regexp.Regexp {
	const room, user, instance = `[a-z0-9][a-z0-9_-]{0,63}`, `[A-Za-z0-9_=-]+`, `[A-Za-z0-9_=-]+`
	return regexp.MustCompile(`^(` +
		`chat\.(cmd|ask|log|heads)\.[0-9]+|chat\.(evt|mark|typing|signal)\.` + room + `|chat\.user\.` + user + `|chat\.ctl\.gateways` +
		`|chat\.audit\.(gateway|presence)|history\.ask|presence\.(in|sync)\.` + instance + `|presence\.out\.` + room + `|presence\.(peers|ask)|natter\.jsz` +
		`|_INBOX\.(gateway|history|presence|tool|operator)\.` + instance + `(\.[A-Za-z0-9]+)+` +
		`|\$(JS\.(API|ACK|FC|EVENT)|SRV)\..+|\$KV\.chat_(owners|meta|revoked)\..+` +
		`)$`)
}

// eavesdropper hears every subject of natter's account.
type eavesdropper struct {
	t       *testing.T
	mu      sync.Mutex
	counted map[string]int
}

func listen(t *testing.T, d *shape.Deployment) *eavesdropper {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), client.Patience)
	defer cancel()
	nc, err := natsx.Connect(ctx, natsx.Options{URL: d.NATS, Seed: d.NATSOperator, Service: natsx.Operator, Instance: natsx.Instance(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	e := &eavesdropper{t: t, counted: map[string]int{}}
	_, err = nc.Subscribe(">", func(m *nats.Msg) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.counted[m.Subject]++
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushWithContext(ctx); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *eavesdropper) heard(subject string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counted[subject] > 0
}

// all are the subjects heard, once each.
func (e *eavesdropper) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var subjects []string
	for subject := range e.counted {
		subjects = append(subjects, subject)
	}
	return subjects
}

// TestSubjects: whatever ids clients make up, nothing of it is a subject.
func TestSubjects(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split(), withoutLimits()...)
	ear := listen(t, d)
	for i := range d.Gateways {
		s := enter(t, d, i, fmt.Sprint("ana-", i))
		for _, room := range hostileRooms() {
			for _, r := range requests(room) {
				if len(r.fields) > 0 && r.fields[0].name == "room" {
					body := r.body()
					body["room"] = room
					s.refused(r.name, body, "BAD_REQUEST", "room")
					s.ping()
				}
			}
			other := dial(t, d, i)
			other.refused("hello", M{"token": s.token, "epoch": s.Epoch(), "resume": []M{{"room": room, "seq": uint32(1)}}}, "BAD_REQUEST", "resume")
			other.Close()
		}
		hostileUsers(t, d, i)
		// All that the gateway said before is heard before this.
		room := s.create(fmt.Sprint("last-", i), nil).Room
		s.ok("typing", M{"room": room})
		natstest.Eventually(t, client.Patience, "the last subject", func() bool { return ear.heard("chat.typing." + room) })
	}
	for _, subject := range []string{"chat.evt.last-0", "chat.user.=3E", "chat.user.a=2Eb", "chat.user.=24SYS", "history.ask", "presence.peers", "chat.heads.0", "chat.log.0"} {
		natstest.Eventually(t, client.Patience, subject+" is heard", func() bool { return ear.heard(subject) })
	}
	public := publicSubjects()
	for _, subject := range ear.all() {
		if !public.MatchString(subject) {
			t.Errorf("the subject %q is not of natter's list", subject)
		}
	}
	t.Logf("%d subjects were heard", len(ear.all()))
}

// hostileUsers are users with names of subjects, who do what users do.
func hostileUsers(t *testing.T, d *shape.Deployment, i int) {
	for n, user := range []string{">", "*", "a.b", "a.>", "$SYS", "a b", "=3E", "a\u00a0b", "chat.evt.x", "_INBOX.x"} {
		s := dial(t, d, i)
		s.greet(user, token.For(user, user).Sign(d.JWTSecret), nil)
		room := s.create(fmt.Sprintf("room-%d-%d", i, n), M{"members": []string{user, "b." + user}}).Room
		s.send(room, "x")
		s.ok("typing", M{"room": room})
		s.do("members", M{"room": room})
		s.do("presence", M{"room": room})
		s.do("rooms", M{"query": user})
		s.Close()
	}
}
