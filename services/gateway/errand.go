package gateway

import (
	"math/rand/v2"
	"time"

	"github.com/natter-chat/natter/services/gateway/frame"
)

// due does an errand of the wheel's.
func (s *session) due(e errand) {
	if s.ended.Load() {
		return
	}
	g := s.gateway
	switch e {
	case errandGreet:
		if !s.helloed.Load() {
			s.close(closeNoHello, "no hello came in time")
		}
	case errandPing:
		s.pinged.Store(g.wheel.now())
		s.send(frame.AppendPing(nil))
		g.wheel.book(s, errandSilence, g.cfg.PongTimeout)
	case errandSilence:
		if s.socket.heard.Load() < s.pinged.Load() {
			s.close(closeNoPong, "nothing came back after a ping")
			return
		}
		g.wheel.book(s, errandPing, max(g.cfg.PingInterval-g.cfg.PongTimeout, wheelTick))
	case errandExpire:
		s.expire()
	}
}

// expireLook is how long a session waits at most before it looks again whether
// its token holds: one that has ended must not be kept for as long as that does.
const expireLook = time.Minute

// lookAgain has the token looked at when it ends, or sooner.
func (s *session) lookAgain() {
	s.mu.Lock()
	in := min(time.Until(s.expires), expireLook)
	s.looks = time.Now().Add(in)
	s.mu.Unlock()
	s.gateway.wheel.book(s, errandExpire, in)
}

// expire closes the session if its token has run out.
func (s *session) expire() {
	s.mu.Lock()
	over, superseded := !time.Now().Before(s.expires), time.Now().Before(s.looks)
	s.mu.Unlock()
	switch {
	case over:
		s.close(closeExpired, "the token has expired; come back with another")
	case !superseded: // a refresh has made an appointment of its own
		s.lookAgain()
	}
}

// firstPing spreads the pings of those who came at the same time.
func (g *Gateway) firstPing(s *session) {
	if every := g.cfg.PingInterval; every > 0 {
		g.wheel.book(s, errandPing, every/2+rand.N(every/2+1))
	}
}

func (s *session) greeted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user != nil
}
