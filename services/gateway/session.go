package gateway

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// session is one WebSocket connection. Its only goroutine reads; everything
// else that it does is done by whoever has something for it, and an idle
// session costs its memory alone.
type session struct {
	gateway *Gateway
	id      string
	serial  uint64 // rising within the gateway's life
	socket  *socket
	ws      *websocket.Conn
	codec   frame.Codec
	address string
	since   time.Time

	// Of the reader alone.
	faults int // bad requests in a row
	limits sessionLimits

	helloed atomic.Bool // a hello has come, whatever becomes of it
	ended   atomic.Bool
	pinged  atomic.Int64 // the tick of the last ping

	mu      sync.Mutex
	user    *user  // nil before the welcome; set once
	name    string // the token's
	agent   string
	expires time.Time
	looks   time.Time // when expires is looked at next
	seats   []*seat
	lanes   []*lane
	counted uint64 // commands so far
	asking  int    // questions under way
	// unwatched are rooms that the client wants no events of, and how far they
	// went: what is said of memberships up to there does not make them live.
	unwatched map[string]uint32
}

func (s *session) out() *outbox { return &s.socket.out }

// read reads frames until the connection ends.
func (s *session) read() {
	s.ws.SetReadLimit(int64(s.gateway.cfg.FrameBytes))
	for {
		if err := s.next(); err != nil {
			s.over(err)
			return
		}
	}
}

// next reads and handles one message.
func (s *session) next() error {
	kind, r, err := s.ws.NextReader()
	if err != nil {
		return err
	}
	b := s.gateway.buffers.take()
	defer s.gateway.buffers.free(b)
	if err := b.readAll(r); err != nil {
		return err
	}
	if !s.ended.Load() {
		s.frame(kind == websocket.TextMessage, b.bytes)
	}
	return nil
}

// readAll reads a whole message. Its size is bounded by the read limit.
func (b *buffer) readAll(r io.Reader) error {
	for {
		if len(b.bytes) == cap(b.bytes) {
			b.bytes = append(b.bytes, 0)[:len(b.bytes)]
		}
		n, err := r.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// frame takes one message: checks its form, and has the request done.
func (s *session) frame(text bool, data []byte) {
	switch {
	case text != s.codec.Text():
		s.close(websocket.CloseUnsupportedData, "this subprotocol has messages of the other type")
		return
	case text && !utf8.Valid(data):
		s.close(websocket.CloseInvalidFramePayloadData, "the text is not UTF-8")
		return
	}
	request, fault := frame.Read(s.codec, data, s.gateway.frameLimits)
	if fault != nil {
		s.gateway.metrics.requests.WithLabelValues("bad").Inc()
		s.fault(fault)
		return
	}
	if s.user == nil {
		s.before(request)
		return
	}
	s.faults = 0
	s.handle(request)
}

// before handles what comes before the welcome.
func (s *session) before(request *clientv1.ClientFrame) {
	hello := request.GetHello()
	if hello == nil {
		s.unwelcome(request.GetId())
		return
	}
	s.faults = 0
	s.helloed.Store(true)
	s.gateway.metrics.requests.WithLabelValues("hello").Inc()
	// Greeting takes a deep stack and waits for others. It has a goroutine of its
	// own, so that the reader's stays small; what the client sends waits meanwhile.
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.greet(request.GetId(), hello)
	}()
	<-done
}

// over ends what the session began, once its connection is over by err.
func (s *session) over(err error) {
	s.end()
	s.out().finish(nil)
	var told *websocket.CloseError
	if !errors.As(err, &told) {
		s.linger()
	}
	_ = s.socket.Conn.Close()
	s.gateway.sessions.remove(s)
}

// linger throws away what the client still sends, until it has read our last
// words: closing at once could make its system throw those away instead. The
// outbox bounds how long that takes.
func (s *session) linger() {
	b := s.gateway.buffers.take()
	defer s.gateway.buffers.free(b)
	for {
		if _, err := s.socket.Conn.Read(b.bytes[:cap(b.bytes)]); err != nil {
			return
		}
	}
}
