package gateway

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// statusPatience is how long a hello waits, beyond its rooms, to hear what the
// user said elsewhere. Until it is known the session is told of to nobody by
// what it does.
const statusPatience = 250 * time.Millisecond

// statusAsk asks presence what a user said of themselves, when their first
// session here begins.
type statusAsk struct {
	done chan struct{} // closed once answered, or given up

	// Guarded by the users' lock.
	answered bool
	status   status
}

// ask begins to ask, unless it is known or asked already; nil: it is known.
func (t *users) ask(id string) *statusAsk {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := t.byID[id]; u != nil && u.known {
		return nil
	}
	if a := t.asking[id]; a != nil {
		return a
	}
	a := &statusAsk{done: make(chan struct{})}
	t.asking[id] = a
	t.gateway.background(func(ctx context.Context) { t.learn(ctx, id, a) })
	return a
}

// wait gives the answer some time.
func (a *statusAsk) wait() {
	if a == nil {
		return
	}
	timer := time.NewTimer(statusPatience)
	defer timer.Stop()
	select {
	case <-a.done:
	case <-timer.C:
	}
}

// learn asks until it is answered, or the user is not here.
func (t *users) learn(ctx context.Context, id string, a *statusAsk) {
	defer close(a.done)
	for attempt := 0; ; attempt++ {
		said, err := t.gateway.statusOf(ctx, id)
		if t.learned(id, a, said, err, attempt) {
			return
		}
		bound := min(backoffMost, backoffLeast<<min(attempt, 10))
		select {
		case <-ctx.Done():
			return
		case <-time.After(bound/2 + rand.N(bound/2)):
		}
	}
}

// learned tells whether there is nothing more to ask.
func (t *users) learned(id string, a *statusAsk, said status, err error, attempt int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.byID[id]
	if err != nil && (u != nil && !u.known || attempt == 0) {
		return false
	}
	delete(t.asking, id)
	if err != nil {
		return true
	}
	a.answered, a.status = true, said
	if u != nil {
		t.adopt(u, said)
	}
	return true
}

// statusOf asks any presence replica, once.
func (g *Gateway) statusOf(ctx context.Context, user string) (status, error) {
	data, err := proto.Marshal(&presencev1.PresenceAsk{User: user})
	if err != nil {
		return status{}, err
	}
	reply := &presencev1.UserStatus{}
	if err := g.questions.attempt(ctx, &nats.Msg{Subject: subject.PresenceAsk, Data: data}, reply); err != nil {
		return status{}, err
	}
	if reply.GetUser() != user {
		return status{}, errors.New("presence answered for somebody else")
	}
	return status{state: reply.GetState(), text: reply.GetText(), ms: reply.GetStatusMs(), untilMS: reply.GetTextUntilMs()}, nil
}
