package gateway

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/natter-chat/natter/services/gateway/frame"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// sessions are all connections, also those not greeted yet.
type sessions struct {
	mu     sync.Mutex
	places int // taken, also by handshakes under way
	last   uint64
	all    map[*session]struct{}
	empty  chan struct{} // closed when the last one ends; nil: nobody waits
}

// reserve takes a place for a connection; most is their number, 0: any.
func (t *sessions) reserve(most int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if most > 0 && t.places >= most {
		return false
	}
	t.places++
	return true
}

// release gives a place back.
func (t *sessions) release() { t.remove(nil) }

// add makes a session of a connection for which a place was taken.
func (t *sessions) add(g *Gateway, socket *socket, ws *websocket.Conn, codec frame.Codec, address string) *session {
	s := &session{gateway: g, id: natsx.Instance(), socket: socket, ws: ws, codec: codec, address: address, since: time.Now()}
	socket.out.slow = func() { s.slow(slowFull) }
	socket.out.stalled = func() { s.slow(slowStalled) }
	socket.waits = s.letGo
	ws.SetPingHandler(s.pong)
	ws.SetPongHandler(s.ponged)
	ws.SetCloseHandler(s.farewell)
	t.mu.Lock()
	t.last++
	s.serial = t.last
	t.all[s] = struct{}{}
	t.mu.Unlock()
	g.metrics.sessions.Inc()
	g.wheel.book(s, errandGreet, g.cfg.HelloTimeout)
	return s
}

// remove forgets a session whose connection is over, and gives its place back.
func (t *sessions) remove(s *session) {
	if s != nil {
		s.gateway.metrics.sessions.Dec()
		s.gateway.doors.leave(household(s.address))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, s)
	if t.places--; t.places == 0 && t.empty != nil {
		close(t.empty)
		t.empty = nil
	}
}

// count is how many there ever were.
func (t *sessions) count() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// list is all of them, in no order.
func (t *sessions) list() []*session {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]*session, 0, len(t.all))
	for s := range t.all {
		list = append(list, s)
	}
	return list
}

// gone is closed when there is no session left.
func (t *sessions) gone() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	none := make(chan struct{})
	if t.places == 0 {
		close(none)
		return none
	}
	if t.empty == nil {
		t.empty = none
	}
	return t.empty
}
