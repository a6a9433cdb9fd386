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
// bytes, through the outbox; what it reads passes a guard before.
type socket struct {
	net.Conn
	out   outbox
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

// Read notes that the client lives, and stops before what no client may send.
func (s *socket) Read(p []byte) (int, error) {
	if _, broken := s.guard.Check(nil); broken != nil {
		return 0, broken
	}
	n, err := s.Conn.Read(p)
	now := s.now()
	s.heard.Store(now)
	n, broken := s.guard.Check(p[:n])
	switch {
	case !s.guard.Midway():
		s.begun.Store(0)
	case s.begun.Load() == 0:
		s.begun.Store(max(1, now))
	}
	if broken != nil && n == 0 {
		return 0, broken
	}
	return n, err
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
