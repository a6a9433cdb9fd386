package gateway

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

const (
	// revocationsEvery is how often history is asked for what was missed.
	revocationsEvery = 5 * time.Second
	// revocationsPart is how many history tells of at once.
	revocationsPart = 1000
	// lateFor is how long a revocation is kept for those whose hello is under
	// way; longer than a hello may take.
	lateFor = 30 * time.Second
)

// revocations closes the sessions whose tokens were made void. It hears of
// that when history writes it, and asks for what it did not hear. Hellos ask
// by themselves.
type revocations struct {
	gateway *Gateway
	missed  chan struct{} // messages may have been lost

	revision uint64 // of the last one that history told; run's alone

	mu     sync.Mutex
	latest map[string]lateRevocation // by user
}

type lateRevocation struct {
	before int64
	heard  time.Time
}

func newRevocations(g *Gateway) *revocations {
	return &revocations{gateway: g, missed: make(chan struct{}, 1), latest: map[string]lateRevocation{}}
}

// follow hears what history writes, until the connection ends.
func (r *revocations) follow() error {
	_, err := r.gateway.nc.Subscribe(subject.AllRevoked, r.on)
	return err
}

// on takes a write of the bucket.
func (r *revocations) on(msg *nats.Msg) {
	user, err := subject.Last(msg.Subject)
	if err != nil {
		return
	}
	before, err := strconv.ParseInt(string(msg.Data), 10, 64)
	if err != nil {
		return
	}
	r.apply(user, before)
}

// apply closes the sessions that came with a token issued before the time.
func (r *revocations) apply(user string, before int64) {
	r.mu.Lock()
	r.latest[user] = lateRevocation{before: max(before, r.latest[user].before), heard: time.Now()}
	r.mu.Unlock()
	for _, s := range r.gateway.users.revoke(user, before) {
		if s.void(before) {
			s.close(closeRevoked, "the token was revoked; sign in anew")
		}
	}
}

// late is the time before which a user's tokens are void, if that was heard
// while their hello was under way; else 0.
func (r *revocations) late(user string) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latest[user].before
}

// kick has run ask at once.
func (r *revocations) kick() {
	select {
	case r.missed <- struct{}{}:
	default:
	}
}

// run asks for what was missed, until ctx ends.
func (r *revocations) run(ctx context.Context) {
	ticker := time.NewTicker(revocationsEvery)
	defer ticker.Stop()
	for {
		if err := r.catchUp(ctx); err != nil && ctx.Err() == nil {
			r.gateway.log.Warn("history does not say whose tokens were revoked", "error", err)
		}
		r.forget(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-r.missed:
		}
	}
}

func (r *revocations) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	for {
		part, err := r.gateway.questions.revocations(ctx, &chatv1.AskRevocations{After: r.revision})
		if err != nil {
			return err
		}
		for _, revocation := range part.GetRevocations() {
			r.apply(revocation.GetUser(), revocation.GetBeforeMs())
		}
		r.revision = part.GetRevision()
		if len(part.GetRevocations()) < revocationsPart {
			return nil
		}
	}
}

func (r *revocations) forget(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for user, late := range r.latest {
		if now.Sub(late.heard) > lateFor {
			delete(r.latest, user)
		}
	}
}
