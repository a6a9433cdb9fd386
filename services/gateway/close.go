package gateway

import (
	"strconv"

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
