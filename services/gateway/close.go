package gateway

import (
	"strconv"
	"time"

	"github.com/natter-chat/natter/services/gateway/frame"
)

// Close codes of the protocol. Below 4400 a client may come back.
const (
	closeGoingAway    = 4001
	closeExpired      = 4002
	closeSlow         = 4008
	closeFlood        = 4009
	closeNoPong       = 4010
	closeStateLost    = 4011
	closeBadRequests  = 4400
	closeBadToken     = 4401
	closeNoHello      = 4408
	closeManySessions = 4409
	badRequestsInARow = 10
)

// close ends the session with a close frame. It does not wait.
func (s *session) close(code int, reason string) {
	if !s.end() {
		return
	}
	s.gateway.metrics.closes.WithLabelValues(strconv.Itoa(code)).Inc()
	s.out().finish(frame.AppendClose(nil, code, reason))
}

// overflowed ends a session whose outbox has no room; the outbox has said why.
func (s *session) overflowed() {
	if s.end() {
		s.gateway.metrics.closes.WithLabelValues(strconv.Itoa(closeSlow)).Inc()
	}
}

// end takes the session out of everything it is in, once; it tells whether
// this was the time. No event is put into its outbox afterwards.
func (s *session) end() bool {
	if s.ended.Swap(true) {
		return false
	}
	s.mu.Lock()
	user, seats := s.user, s.seats
	s.seats, s.lanes = nil, nil
	s.mu.Unlock()
	for _, seat := range seats {
		seat.feed.mu.Lock()
		seat.feed.leave(seat)
		seat.feed.mu.Unlock()
	}
	if user != nil {
		s.gateway.reporter.ended(s)
		s.gateway.users.leave(user, s)
	}
	return true
}

// sit is the session's seat in a feed, a new one if need be; not ok where the
// session has ended. The feed is locked.
func (s *session) sit(f *feed) (*seat, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended.Load() {
		return nil, false
	}
	for _, seat := range s.seats {
		if seat.feed == f {
			return seat, true
		}
	}
	seat := &seat{session: s, feed: f, from: paused, index: len(f.seats)}
	f.seats = append(f.seats, seat)
	s.seats = append(s.seats, seat)
	return seat, true
}

// stand forgets a seat. The feed is locked.
func (s *session) stand(seat *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range s.seats {
		if other == seat {
			last := len(s.seats) - 1
			s.seats[i], s.seats[last] = s.seats[last], nil
			s.seats = s.seats[:last]
			return
		}
	}
}

// seatIn is the session's seat in a feed, or nil.
func (s *session) seatIn(f *feed) *seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seat := range s.seats {
		if seat.feed == f {
			return seat
		}
	}
	return nil
}

// seatOf is the session's seat in a room, or nil.
func (s *session) seatOf(room string) *seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seat := range s.seats {
		if seat.feed.room == room {
			return seat
		}
	}
	return nil
}

// due does an errand of the wheel's.
func (s *session) due(e errand) {
	if s.ended.Load() {
		return
	}
	g := s.gateway
	switch e {
	case errandGreet:
		if !s.greeted() {
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

// expire closes the session if its token has run out, or looks again when it
// will.
func (s *session) expire() {
	s.mu.Lock()
	left := time.Until(s.expires)
	s.mu.Unlock()
	if left <= 0 {
		s.close(closeExpired, "the token has expired; come back with another")
		return
	}
	s.gateway.wheel.book(s, errandExpire, left)
}

func (s *session) greeted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user != nil
}
