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
	came  *buffer // what was read and not passed on; nil: nothing
	rest  []byte  // of it
	lost  error   // why nothing more can be read
	guard frame.Guard
	heard atomic.Int64 // when bytes came last, in the timer's ticks
	begun atomic.Int64 // when the frame or message under way began; 0: there is none
	now   func() int64
}

func newSocket(conn net.Conn, buffers *buffers, limit int, now func() int64) *socket {
	s := &socket{Conn: conn, now: now}
	s.out.conn, s.out.buffers, s.out.limit = conn, buffers, limit
	if c, ok := conn.(syscall.Conn); ok {
		s.out.raw, _ = c.SyscallConn()
	}
	return s
}

// await waits until something comes or the connection is over, and needs little
// stack for that; false: it cannot be awaited here.
func (s *socket) await() bool {
	if s.out.raw == nil {
		return false
	}
	looked := false
	_ = s.out.raw.Read(func(fd uintptr) bool { // whatever is wrong, the next read says so
		if looked {
			return true
		}
		looked = true
		return readable(fd)
	})
	return true
}

// listen reads what has come, and tells whether there is something for the
// library: not if it was pongs alone, of which only counts that they came.
func (s *socket) listen() bool {
	s.fill()
	for pong := frame.Pong(s.rest); pong > 0; pong = frame.Pong(s.rest) {
		n, broken := s.guard.Check(s.rest[:pong])
		s.take(n)
		if broken != nil { // the library learns of it when it reads
			return true
		}
	}
	return s.lost != nil || len(s.rest) > 0
}

// idle tells, between two messages, that nothing more has come, and that more can
// be awaited.
func (s *socket) idle() bool { return s.out.raw != nil && len(s.rest) == 0 && s.lost == nil }

// fill reads, unless there is something yet.
func (s *socket) fill() {
	if len(s.rest) > 0 || s.lost != nil {
		return
	}
	if s.came == nil {
		s.came = s.out.buffers.take()
	}
	n, err := s.Conn.Read(s.came.bytes[:cap(s.came.bytes)])
	s.rest, s.lost = s.came.bytes[:n], err
	s.heard.Store(s.now())
	if n == 0 {
		s.take(0)
	}
}

// take goes on behind the next n bytes.
func (s *socket) take(n int) {
	if s.rest = s.rest[n:]; len(s.rest) == 0 && s.came != nil {
		s.out.buffers.free(s.came)
		s.came, s.rest = nil, nil
	}
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
