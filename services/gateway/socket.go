package gateway

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/natter-chat/natter/services/gateway/frame"
)

// socket is the connection as the WebSocket library sees it. What the library
// writes by itself (its handshake, close frames) goes the way of all other
// bytes, through the outbox; what it reads passes a guard before, one frame at a
// time, so that between two messages the library has nothing in its own buffer.
type socket struct {
	net.Conn
	out   outbox
	came  *buffer // lent, while rest is in it
	own   []byte  // where none is lent
	rest  []byte  // what was read and not passed on
	lost  error   // why nothing more can be read
	guard frame.Guard
	heard atomic.Int64 // when bytes came last, in the timer's ticks
	begun atomic.Int64 // when the frame or message under way began; 0: there is none
	now   func() int64
	// waits is called before the library has to wait for more.
	waits func()
}

// ownBuffer holds what a connection reads that cannot be awaited.
const ownBuffer = 512

func newSocket(conn net.Conn, buffers *buffers, limit int, now func() int64) *socket {
	s := &socket{Conn: conn, now: now, waits: func() {}}
	s.out.conn, s.out.buffers, s.out.limit = conn, buffers, limit
	if c, ok := conn.(syscall.Conn); ok {
		s.out.raw, _ = c.SyscallConn()
	}
	return s
}

// awaits tells whether it can be awaited here that something comes.
func (s *socket) awaits() bool { return canAwait && s.out.raw != nil }

// await waits until something comes or the connection is over, and needs little
// stack and no buffer for that.
func (s *socket) await() { awaitOn(s.out.raw) }

// listen reads what has come between two messages, and tells whether there is
// something for the library. Whole pings and pongs are not: to have the library
// answer them would leave it waiting, with all that that takes.
func (s *socket) listen(pinged, ponged func(string) error) bool {
	s.read()
	for {
		ping, data, size := frame.Control(s.rest)
		if size == 0 {
			return s.lost != nil || len(s.rest) > 0
		}
		n, broken := s.guard.Check(s.rest[:size])
		s.take(n)
		if broken != nil { // the library learns of it when it reads
			return true
		}
		heard := ponged
		if ping {
			heard = pinged
		}
		_ = heard(data) // they end the session by themselves
	}
}

// more tells whether more has come than was passed on.
func (s *socket) more() bool { return len(s.rest) > 0 }

// idle tells, after a message, that nothing more has come, and that more can be
// awaited. A message may end before its last frame does, if it is compressed.
func (s *socket) idle() bool {
	return s.awaits() && len(s.rest) == 0 && s.lost == nil && !s.guard.Midway()
}

// fill waits and reads, unless there is something yet. Who waits holds no buffer.
func (s *socket) fill() {
	if len(s.rest) == 0 && s.lost == nil {
		s.waits()
		if s.awaits() {
			s.await()
		}
		s.read()
	}
}

// read reads once. Where nobody can wait without reading, each connection has a
// small buffer of its own: those that are lent may be large.
func (s *socket) read() {
	into := s.own
	if s.awaits() {
		s.came = s.out.buffers.take()
		into = s.came.bytes[:cap(s.came.bytes)]
	} else if into == nil {
		s.own = make([]byte, ownBuffer)
		into = s.own
	}
	n, err := s.Conn.Read(into)
	s.rest, s.lost = into[:n], err
	s.heard.Store(s.now())
	s.take(0)
}

// take goes on behind the next n bytes.
func (s *socket) take(n int) {
	if s.rest = s.rest[n:]; len(s.rest) > 0 {
		return
	}
	if s.came != nil {
		s.out.buffers.free(s.came)
	}
	s.came, s.rest = nil, nil
}

// Read passes on what came, and stops before what no client may send.
func (s *socket) Read(p []byte) (int, error) {
	if _, broken := s.guard.Check(nil); broken != nil {
		return 0, broken
	}
	s.fill()
	if len(s.rest) == 0 {
		return 0, s.lost
	}
	n, broken := s.guard.Check(s.rest[:min(len(p), len(s.rest))])
	copy(p, s.rest[:n])
	s.take(n)
	switch {
	case !s.guard.Midway():
		s.begun.Store(0)
	case s.begun.Load() == 0:
		s.begun.Store(max(1, s.now()))
	}
	if broken != nil && n == 0 {
		return 0, broken
	}
	return n, nil
}

// Write queues whole frames. Nothing follows on a close frame.
func (s *socket) Write(p []byte) (int, error) {
	if frame.IsClose(p) {
		s.out.finish(p)
		return len(p), nil
	}
	switch s.out.put(p, durable) {
	case shed:
		return 0, errEnded
	case owed:
		s.out.flush()
	}
	return len(p), nil
}

// SetWriteDeadline does nothing: each write to the socket has a deadline of
// its own.
func (s *socket) SetWriteDeadline(time.Time) error { return nil }
