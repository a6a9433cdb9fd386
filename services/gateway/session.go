package gateway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

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
	faults  int // bad requests in a row
	limits  sessionLimits
	goodbye bool // the client closed first, and was answered
	held    []*lane

	epoch uint64 // of the past that it was greeted with; set before the welcome

	helloed  atomic.Bool // a hello has come, whatever becomes of it
	ended    atomic.Bool
	sentAway atomic.Bool  // it was asked to go elsewhere
	pinged   atomic.Int64 // the tick of the last ping

	mu      sync.Mutex
	user    *user  // nil before the welcome; set once
	name    string // the token's
	agent   string
	issued  int64 // when the token was, Unix ms; 0: it does not say
	expires time.Time
	warns   time.Time // when the client is told that it expires; zero: it was
	looks   time.Time // when these two are looked at next
	seats   []*seat
	lanes   []*lane
	counted uint64 // commands so far
	asking  int    // questions under way
	// entering are rooms that become live without a request of the client's.
	entering map[string]bool
	// unwatched are rooms that the client wants no events of, and how far they
	// went: what is said of memberships up to there does not make them live.
	unwatched map[string]uint32

	// Guarded by the users' lock.
	own     clientv1.PresenceState // of this device alone
	looking bool                   // it will look whether its user's text has ended
}

func (s *session) out() *outbox { return &s.socket.out }

// read waits for the client. To wait takes the two KiB of stack that a goroutine
// begins with, to handle a message more, and a stack that has grown to four never
// shrinks (runtime.shrinkstack counts 800 bytes that must stay free). So whoever
// has handled something leaves the waiting to a goroutine of its own.
func (s *session) read() {
	if s.socket.awaits() {
		s.socket.await()
		if !s.socket.listen(s.pong, s.ponged) {
			go s.read()
			return
		}
		// Greeting takes a deep stack and waits for others. The crew are used to that.
		if s.user == nil && s.gateway.crew.do(s.gateway, func(context.Context) { s.serve() }) {
			return
		}
		grow(0)
	}
	s.serve()
}

// serve handles what has come.
func (s *session) serve() {
	for {
		welcome := s.user == nil
		if err := s.next(); err != nil {
			s.over(err)
			return
		}
		switch {
		case s.socket.idle():
			s.letGo()
			go s.read()
			return
		case welcome && s.user != nil: // that took a deep stack
			go s.serve()
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
	text := kind == websocket.TextMessage
	if text != s.codec.Text() {
		return &frame.Violation{Code: frame.CloseUnsupported, Reason: "this subprotocol has messages of the other type"}
	}
	b := s.gateway.buffers.take()
	defer s.gateway.buffers.free(b)
	if err := b.readAll(r, text, s.gateway.cfg.FrameBytes); err != nil {
		return inflated(err)
	}
	if !s.ended.Load() {
		s.frame(b.bytes)
	}
	return nil
}

// frame takes one message, and has the request done.
func (s *session) frame(data []byte) {
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

// before handles what comes before the welcome. What the client sends meanwhile
// waits.
func (s *session) before(request *clientv1.ClientFrame) {
	hello := request.GetHello()
	if hello == nil {
		s.unwelcome(request.GetId())
		return
	}
	s.faults = 0
	s.helloed.Store(true)
	s.gateway.metrics.requests.WithLabelValues("hello").Inc()
	asked, span := time.Now(), s.traced("hello", "")
	defer s.greetedSince(asked, span)
	s.greet(request.GetId(), hello, span)
}

// farewell answers a close frame with its code, if it is the first.
func (s *session) farewell(code int, _ string) error {
	s.letGo()
	if s.end() {
		s.goodbye = true
		s.out().hangUp(frame.AppendClose(nil, code, ""))
	}
	return nil
}

// over ends what the session began, once its connection is over by err.
func (s *session) over(err error) {
	s.letGo()
	var broken *frame.Violation
	if errors.As(err, &broken) {
		s.close(broken.Code, broken.Reason)
	}
	s.end()
	s.out().finish(nil)
	var told *websocket.CloseError // also where the connection ended in the middle
	if s.goodbye || !errors.As(err, &told) {
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
