package gateway

import (
	"math/rand/v2"
	"slices"
	"time"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

const (
	// lastAnswers is how long commands under way may still take when the time to
	// move is over.
	lastAnswers = 2 * time.Second
	// lastCloses is how long closed connections may take to end.
	lastCloses = closeGrace + time.Second
)

// leave asks all clients to go elsewhere, each at a moment of its own within the
// time given, so that the other gateways are not stormed; answers what is under
// way; and closes those that are still here.
func (g *Gateway) leave(within time.Duration) {
	g.drained.Store(time.Now().Add(within).UnixMilli())
	g.drain.Begin()
	over := time.NewTimer(within)
	defer over.Stop()
	sessions := g.sessions.list()
	if len(sessions) > 0 {
		g.log.Info("asking clients to go elsewhere", "sessions", len(sessions), "within", within)
	}
	for _, s := range sessions {
		if s.greeted() {
			s.sendAway(within)
		}
	}
	select {
	case <-g.sessions.gone(): // who was let in before the drain may still come
	case <-over.C:
	}
	g.finish()
	for _, s := range g.sessions.list() {
		s.close(closeGoingAway, "this server stops; come back to another")
	}
	select {
	case <-g.sessions.gone():
	case <-time.After(lastCloses):
		g.log.Warn("some connections did not end in time", "sessions", len(g.sessions.list()))
	}
}

// sendAway asks a client to go elsewhere at a moment within the time given.
func (s *session) sendAway(within time.Duration) {
	if s.sentAway.Swap(true) {
		return
	}
	s.say(&clientv1.ServerFrame{Body: &clientv1.ServerFrame_Goaway_{Goaway: &clientv1.ServerFrame_Goaway{
		AfterMs: uint32(rand.N(max(within, 0)*9/10 + 1).Milliseconds()), Reason: "this server stops; another goes on",
	}}})
}

// sendAwayLate is for who was greeted when all others were sent away already.
func (g *Gateway) sendAwayLate(s *session) {
	if over := g.drained.Load(); over > 0 {
		s.sendAway(time.Until(time.UnixMilli(over)))
	}
}

// finish lets nothing new begin, and waits until what was begun is answered,
// but not for ever.
func (g *Gateway) finish() {
	g.finishing.Store(true)
	deadline := time.After(lastAnswers)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for slices.ContainsFunc(g.sessions.list(), (*session).working) {
		select {
		case <-deadline:
			return
		case <-tick.C:
		}
	}
}

// working tells whether an answer is under way that the client waits for.
func (s *session) working() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lanes) > 0 || s.asking > 0
}

// renewed closes all sessions: what they know is of a past that is over. They
// come back spread over some time.
func (g *Gateway) renewed(epoch uint64) {
	g.log.Warn("the past has changed; all clients have to begin anew", "epoch", epoch)
	g.feeds.reset()
	for _, s := range g.sessions.list() {
		time.AfterFunc(rand.N(renewSpread), func() { s.close(closeStateLost, "the server's past has changed; begin anew") })
	}
}
