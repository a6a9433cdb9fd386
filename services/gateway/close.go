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
	closeRevoked      = 4403
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

// Why a reader is slow: its outbox is full, which it is told, or its socket
// takes nothing any more, so that it cannot be.
const (
	slowFull    = "full"
	slowStalled = "stalled"
)

// slow ends a session that does not read.
func (s *session) slow(reason string) {
	if s.end() {
		s.gateway.metrics.closes.WithLabelValues(strconv.Itoa(closeSlow)).Inc()
		s.gateway.metrics.slow.WithLabelValues(reason).Inc()
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
	if user != nil { // before it leaves its rooms: it did not leave, and may be back before anybody is told
		s.gateway.reporter.ended(s)
	}
	for _, seat := range seats {
		seat.feed.mu.Lock()
		seat.feed.leave(seat)
		seat.feed.mu.Unlock()
	}
	if user != nil {
		s.gateway.users.leave(user, s)
	}
	return true
}
