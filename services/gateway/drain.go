package gateway

import (
	"math/rand/v2"
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

// leave asks all clients to go elsewhere, each at a time of its own, so that
// the other gateways are not stormed; answers what is under way; and closes
// those that are still here.
func (g *Gateway) leave() {
	g.drain.Begin()
	over := time.NewTimer(g.cfg.Drain)
	defer over.Stop()
	sessions := g.sessions.list()
	if len(sessions) > 0 {
		g.log.Info("asking clients to go elsewhere", "sessions", len(sessions), "within", g.cfg.Drain)
	}
	for _, s := range sessions {
		if s.greeted() {
			s.say(&clientv1.ServerFrame{Body: &clientv1.ServerFrame_Goaway_{Goaway: &clientv1.ServerFrame_Goaway{
				AfterMs: uint32(rand.N(g.cfg.Drain*9/10 + 1).Milliseconds()), Reason: "this server stops; another goes on",
			}}})
		}
	}
	select {
	case <-g.sessions.gone():
		return
	case <-over.C:
	}
	g.finishCommands()
	for _, s := range g.sessions.list() {
		s.close(closeGoingAway, "this server stops; come back to another")
	}
	select {
	case <-g.sessions.gone():
	case <-time.After(lastCloses):
		g.log.Warn("some connections did not end in time", "sessions", len(g.sessions.list()))
	}
}

// finishCommands waits until no command is under way, but not for ever.
func (g *Gateway) finishCommands() {
	deadline := time.After(lastAnswers)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for g.commandsUnderWay() > 0 {
		select {
		case <-deadline:
			return
		case <-tick.C:
		}
	}
}

func (g *Gateway) commandsUnderWay() int {
	n := 0
	for _, c := range g.commands {
		n += c.count()
	}
	return n
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
