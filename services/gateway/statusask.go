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
	"github.com/natter-chat/natter/services/internal/direct"
)

// statusPatience is how long a hello waits, beyond its rooms, to hear what the
// user said elsewhere. Until it is known the session is told of to nobody by
// what it does.
const statusPatience = 250 * time.Millisecond

// statusAsk asks presence what a user said of themselves, when their first
// session here begins.
type statusAsk struct {
	done chan struct{} // closed once answered, or given up; nil: it was answered at once

	// Guarded by the users' lock.
	answered bool
	status   status
}

// ask begins to ask, unless it is known or asked already; nil: it is known.
func (t *users) ask(id string) *statusAsk {
	if a, open := t.asked(id); !open {
		return a
	}
	if said, ok := t.gateway.questions.statusAtOnce(id); ok {
		a := &statusAsk{}
		t.learned(id, a, said, nil, 0)
		return a
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.asking[id]; a != nil {
		return a
	}
	a := &statusAsk{done: make(chan struct{})}
	t.asking[id] = a
	t.gateway.background(func(ctx context.Context) { t.learn(ctx, id, a) })
	return a
}

// asked is the question under way; open: there is none, and it is not known.
func (t *users) asked(id string) (a *statusAsk, open bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := t.byID[id]; u != nil && u.known {
		return nil, false
	}
	a = t.asking[id]
	return a, a == nil
}

// wait gives the answer some time.
func (a *statusAsk) wait() {
	if a == nil || a.done == nil {
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
	if t.asking[id] == a {
		delete(t.asking, id)
	}
	if err != nil {
		return true
	}
	a.answered, a.status = true, said
	if u != nil {
		t.adopt(u, said)
	}
	return true
}

// statusAtOnce is the answer of a presence in this process, if that has it at
// once. One that comes later is left alone: the question is asked anew.
func (q *questions) statusAtOnce(user string) (said status, ok bool) {
	data, err := proto.Marshal(&presencev1.PresenceAsk{User: user})
	if err != nil {
		return status{}, false
	}
	answer := make(chan []byte, 1)
	q.exchange.Ask(subject.PresenceAsk, direct.Request{Data: data, Respond: func(data []byte) { answer <- data }})
	select {
	case data := <-answer:
		reply := &presencev1.UserStatus{}
		if proto.Unmarshal(data, reply) != nil {
			return status{}, false
		}
		said, err := saidIn(reply, user)
		return said, err == nil
	default:
		return status{}, false
	}
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
	return saidIn(reply, user)
}

// saidIn is what an answer says that a user said.
func saidIn(reply *presencev1.UserStatus, user string) (status, error) {
	if reply.GetUser() != user {
		return status{}, errors.New("presence answered for somebody else")
	}
	return status{state: reply.GetState(), text: reply.GetText(), ms: reply.GetStatusMs(), untilMS: reply.GetTextUntilMs()}, nil
}
