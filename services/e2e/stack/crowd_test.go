//go:build e2e

package stack_test

import (
	"context"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/compose"
	"github.com/natter-chat/natter/services/e2e/harness/load"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

// recovery bounds how long natter may take to ack again after any fault: a
// container starts, a command lives 15 s, an election of NATS takes up to 9 s,
// and an answer that is lost is given up after 25 s.
const recovery = 90 * time.Second

// crowd is people at a stack's door.
type crowd struct {
	*load.Crowd
	t *testing.T
	p *compose.Project
}

func gather(t *testing.T, p *compose.Project, name string) crowd {
	t.Helper()
	secret, err := p.Secret("jwt-secret")
	if err != nil {
		t.Fatal(err)
	}
	c, err := load.Gather(t.Context(), load.CrowdConfig{
		Gateway: p.Web,
		Token:   func(user string) string { return token.For(user, user).Sign(secret) },
		Name:    name, Rooms: 4, Senders: 2, Observers: 1, Pace: 25 * time.Millisecond,
	})
	if err != nil {
		t.Fatalf("people come in: %v", err)
	}
	return crowd{c, t, p}
}

// goOn has them send some more, after something happened.
func (c crowd) goOn(after string) time.Duration {
	c.t.Helper()
	began := time.Now()
	if err := c.More(100, recovery); err != nil {
		c.t.Fatalf("after %s: %v", after, err)
	}
	return time.Since(began)
}

// leave ends it, and holds every promise against what is stored.
func (c crowd) leave() {
	c.t.Helper()
	if err := c.Finish(recovery); err != nil {
		c.t.Fatal(err)
	}
	token, err := c.p.Secret("admin-token")
	if err != nil {
		c.t.Fatal(err)
	}
	history, err := admin.Dial(c.p.GRPC(), token)
	if err != nil {
		c.t.Fatal(err)
	}
	defer history.Close()
	ctx, cancel := context.WithTimeout(c.t.Context(), recovery)
	defer cancel()
	if err := c.Verdict(func(room string, head uint32) ([]*chatv1.Event, error) { return history.Log(ctx, room, head) }); err != nil {
		c.t.Error(err)
	}
	again, connections := 0, 0
	for _, s := range c.Senders {
		connections += s.Connections
		for _, shot := range s.Shots {
			again += shot.Attempts - 1
		}
	}
	c.t.Logf("%d messages, sent again %d times, over %d connections of %d senders", c.Acks.All.Load(), again, connections, len(c.Senders))
	for _, o := range c.Observers {
		c.t.Logf("an observer's room went on %v", o.Resumes)
	}
}

// undisturbed: nobody was told that the outcome of a message is unknown.
func (c crowd) undisturbed() {
	c.t.Helper()
	if c.Refused() {
		c.t.Error("somebody was told UNAVAILABLE")
	}
}
