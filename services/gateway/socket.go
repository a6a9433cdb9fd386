package gateway

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// socket is the connection as the WebSocket library sees it. What the library
// writes by itself (its handshake, pongs, close frames) goes the way of all
// other bytes, through the outbox.
type socket struct {
	net.Conn
	out   outbox
	heard atomic.Int64 // when bytes came last, in the timer's ticks
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

// Read notes that the client lives.
func (s *socket) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.heard.Store(s.now())
	return n, err
}

// Write queues whole frames.
func (s *socket) Write(p []byte) (int, error) {
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
