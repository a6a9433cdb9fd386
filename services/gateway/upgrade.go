package gateway

import (
	"bufio"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/natter-chat/natter/services/gateway/frame"
)

const (
	// readBuffer is small, since each connection has one for all its life;
	// longer frames are read past it.
	readBuffer  = 128
	writeBuffer = 1024
	// retryAfter is what a refused handshake is told, in seconds.
	retryAfter = 2
)

// upgrader makes WebSocket connections of HTTP requests.
type upgrader struct {
	gateway *Gateway
	origins origins
	from    addresses

	plain, deflating             websocket.Upgrader
	plainCodecs, deflatingCodecs map[string]frame.Codec
}

func newUpgrader(g *Gateway, o origins, from addresses) *upgrader {
	u := &upgrader{
		gateway: g, origins: o, from: from,
		plainCodecs: codecs(), deflatingCodecs: codecs(),
		plain: websocket.Upgrader{
			ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer, WriteBufferPool: &sync.Pool{},
			Subprotocols: []string{frame.ProtocolJSON, frame.ProtocolBinary},
			CheckOrigin:  o.allowed,
		},
	}
	for name, codec := range u.deflatingCodecs {
		u.deflatingCodecs[name] = frame.Deflating(codec)
	}
	u.deflating = u.plain
	u.deflating.EnableCompression = true
	return u
}

// codecs by subprotocol. A client that names none speaks JSON.
func codecs() map[string]frame.Codec {
	text := frame.JSON()
	return map[string]frame.Codec{"": text, frame.ProtocolJSON: text, frame.ProtocolBinary: frame.Binary()}
}

// ServeHTTP answers GET /v1/ws.
func (u *upgrader) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := u.gateway
	joined(r.Header, protocolHeader)
	address := u.from.of(r)
	home := household(address)
	outcome := u.admit(w, r, home)
	g.metrics.upgrades.WithLabelValues(outcome).Inc()
	if outcome != "accepted" {
		return
	}
	h := &hijacker{ResponseWriter: w, wrap: func(c net.Conn) *socket {
		s := newSocket(c, &g.buffers, g.cfg.OutboxBytes, g.wheel.now)
		s.guard.Limit = g.cfg.FrameBytes
		return s
	}}
	library, codecs := &u.plain, u.plainCodecs
	if g.cfg.Compression && offersDeflate(r.Header) {
		library, codecs = &u.deflating, u.deflatingCodecs
	}
	ws, err := library.Upgrade(h, r, nil)
	if err != nil { // the library has answered
		g.sessions.release()
		g.doors.leave(home)
		return
	}
	s := g.sessions.add(g, h.socket, ws, codecs[ws.Subprotocol()], address)
	if g.finishing.Load() { // all that were here are closed, and nobody looks again
		s.close(closeGoingAway, "this server stops; come back to another")
	}
	// A goroutine of its own: this one's stack, the request and the buffers of
	// the handshake end here.
	go s.read()
}

// admit checks what the WebSocket library does not, and answers where it
// refuses. Where it accepts, a place is taken.
func (u *upgrader) admit(w http.ResponseWriter, r *http.Request, home string) (outcome string) {
	switch g, misfit := u.gateway, misfitOf(r); {
	case !u.origins.allowed(r):
		httpError(w, http.StatusForbidden, "FORBIDDEN", "this origin is not allowed here (NATTER_ORIGINS)", "")
		return "origin"
	case misfit != nil:
		misfit.refuse(w)
		return "handshake"
	case !u.speaks(websocket.Subprotocols(r)):
		httpError(w, http.StatusBadRequest, "BAD_REQUEST", "ask for the subprotocol "+frame.ProtocolJSON+" or "+frame.ProtocolBinary, protocolHeader)
		return "subprotocol"
	case g.drain.Begun() || !g.deployment.known():
		u.unavailable(w)
		return "unavailable"
	}
	if c := u.gateway.doors.enter(home, time.Now()); c != nil {
		status, code := http.StatusServiceUnavailable, "UNAVAILABLE"
		if c.theirs {
			status, code = http.StatusTooManyRequests, "RATE_LIMITED"
		}
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(c.wait.Seconds())))))
		httpError(w, status, code, c.message, "")
		return c.outcome
	}
	if !u.gateway.sessions.reserve(u.gateway.cfg.Connections) {
		u.gateway.doors.leave(home)
		u.unavailable(w)
		return "unavailable"
	}
	return "accepted"
}

func (u *upgrader) unavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	httpError(w, http.StatusServiceUnavailable, "UNAVAILABLE", "this server takes no connections now; try again", "")
}

// speaks tells whether a client names no subprotocol, or one that is known here.
func (u *upgrader) speaks(named []string) bool {
	return len(named) == 0 || slices.ContainsFunc(named, func(p string) bool { return p != "" && u.plainCodecs[p] != nil })
}

// hijacker gives the library our socket in place of the connection.
type hijacker struct {
	http.ResponseWriter
	wrap   func(net.Conn) *socket
	socket *socket
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	_ = conn.SetDeadline(time.Time{}) // the HTTP server's
	h.socket = h.wrap(conn)
	return h.socket, rw, nil
}
