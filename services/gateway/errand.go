package gateway

import (
	"math/rand/v2"
	"time"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
	"github.com/natter-chat/natter/services/internal/token"
	"github.com/natter-chat/natter/services/internal/tracing"
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
		if s.stuck() {
			s.close(closeNoPong, "a message was begun long ago and has not ended")
			return
		}
		g.wheel.book(s, errandPing, max(g.cfg.PingInterval-g.cfg.PongTimeout, wheelTick))
	case errandExpire:
		s.expire()
	case errandText:
		s.endText()
	}
}

// stuck tells whether a message is under way for longer than two rounds of
// pings. A client that sends a byte now and then lives, but must not hold a
// place for ever.
func (s *session) stuck() bool {
	begun, most := s.socket.begun.Load(), 2*(s.gateway.cfg.PingInterval+s.gateway.cfg.PongTimeout)
	return begun > 0 && s.gateway.wheel.now()-begun > int64(most/wheelTick)
}

// expireLook is how long a session waits at most before it looks again whether
// its token holds: one that has ended must not be kept for as long as that does.
const expireLook = time.Minute

// lookAgain has the token looked at when it ends, or sooner.
func (s *session) lookAgain() {
	s.mu.Lock()
	in := min(time.Until(s.expires), expireLook)
	if !s.warns.IsZero() {
		in = min(in, time.Until(s.warns))
	}
	s.looks = time.Now().Add(in)
	s.mu.Unlock()
	s.gateway.wheel.book(s, errandExpire, in)
}

// expire closes the session if its token has run out, and warns of that in
// time.
func (s *session) expire() {
	now := time.Now()
	s.mu.Lock()
	left, superseded := s.expires.Sub(now), now.Before(s.looks)
	warn := !s.warns.IsZero() && !now.Before(s.warns)
	if warn {
		s.warns = time.Time{}
	}
	s.mu.Unlock()
	if left <= 0 {
		s.close(closeExpired, "the token has expired; come back with another")
		return
	}
	if warn {
		s.say(&clientv1.ServerFrame{Body: &clientv1.ServerFrame_Goaway_{
			Goaway: &clientv1.ServerFrame_Goaway{AfterMs: uint32(left.Milliseconds()), Reason: reasonExpires},
		}})
	}
	if warn || !superseded { // else a refresh has made an appointment of its own
		s.lookAgain()
	}
}

const (
	// reasonExpires is the goaway's that a refresh is enough for; it is public.
	reasonExpires = "token expires"
	// The warning comes when a tenth of the token's time is left, within these.
	leastWarning = time.Second
	mostWarning  = time.Minute
)

// hold keeps what a token allows the session. The session is locked.
func (s *session) hold(claims token.Claims) {
	s.name, s.issued = nameOf(claims), 0
	if !claims.IssuedAt.IsZero() {
		s.issued = claims.IssuedAt.UnixMilli()
	}
	s.expires = claims.Expires.Add(s.gateway.cfg.JWTLeeway)
	life := time.Until(s.expires)
	s.warns = s.expires.Add(-min(max(life/10, leastWarning), mostWarning))
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

// greetedSince measures a hello, and ends its trace: what it is refused with is in errors_total.
func (s *session) greetedSince(asked time.Time, span *tracing.Span) {
	code := "REFUSED"
	if s.greeted() {
		code = codeOK
	}
	if code != codeOK {
		span.Fail(code)
	}
	span.End()
	s.gateway.metrics.seconds.WithLabelValues("hello", code).Observe(time.Since(asked).Seconds())
}
