package gateway

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// porchTime is how long a connection may say nothing, as with the HTTP server.
	porchTime = 10 * time.Second
	// porchBuffer is what a handshake has to fit into.
	porchBuffer = 4 << 10

	handshakeLine = "GET /v1/ws HTTP/1.1\r\n"
)

// porch stands before the HTTP server, and lets in those who only come through
// it for a WebSocket: a handshake that comes whole, in one piece, and as everybody
// writes it, is given to the handler here. Everything else the HTTP server gets as
// it came, with all its rules. What the server makes for each connection (a
// goroutine that watches it, 12 KiB of buffers that it cannot use again, two
// contexts) was a quarter of what it took to come in.
type porch struct {
	*net.TCPListener
	gateway    *Gateway
	handler    http.Handler
	handshakes handshakes
	begin      sync.Once
	passed     chan passed
	closed     chan struct{}
	close      func() error
}

// passed is what Accept returns.
type passed struct {
	conn net.Conn
	err  error
}

// Porch is a listener for an HTTP server of h, which has to have Handler in it.
func (g *Gateway) Porch(l net.Listener, h http.Handler) net.Listener {
	tcp, plain := l.(*net.TCPListener)
	if !plain || !canAwait {
		return l
	}
	p := &porch{TCPListener: tcp, gateway: g, handler: h, passed: make(chan passed), closed: make(chan struct{})}
	p.close = sync.OnceValue(func() error {
		close(p.closed)
		return tcp.Close()
	})
	return p
}

// Accept implements net.Listener.
func (p *porch) Accept() (net.Conn, error) {
	p.begin.Do(func() { go p.run() })
	select {
	case in := <-p.passed:
		return in.conn, in.err
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *porch) Close() error { return p.close() }

func (p *porch) run() {
	for {
		conn, err := p.AcceptTCP()
		if err != nil {
			if !p.pass(nil, err) || errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		go p.receive(conn)
	}
}

// pass gives a connection to the HTTP server; false: it takes none any more.
func (p *porch) pass(conn net.Conn, err error) bool {
	select {
	case p.passed <- passed{conn, err}:
		return true
	case <-p.closed:
		if conn != nil {
			_ = conn.Close()
		}
		return false
	}
}

// receive waits for what comes first, with little stack and no buffer.
func (p *porch) receive(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil || conn.SetReadDeadline(time.Now().Add(porchTime)) != nil {
		_ = conn.Close()
		return
	}
	awaitOn(raw)
	if !p.gateway.crew.do(p.gateway, func(ctx context.Context) { p.open(ctx, conn) }) {
		p.open(p.gateway.life, conn)
	}
}

// awaitOn waits until something comes or a connection is over.
func awaitOn(raw syscall.RawConn) {
	looked := false
	_ = raw.Read(func(fd uintptr) bool { // whatever is wrong, the next read says so
		if looked {
			return true
		}
		looked = true
		return readable(fd)
	})
}

// open reads what came. A handshake that waits for something gives up when the
// gateway ends.
func (p *porch) open(ctx context.Context, conn *net.TCPConn) {
	w := p.handshakes.take(conn)
	defer p.handshakes.free(w)
	if _, err := w.in.Peek(1); err != nil { // as the HTTP server does where nothing came
		_ = conn.Close()
		return
	}
	came, _ := w.in.Peek(w.in.Buffered())
	defer func() { // as the HTTP server does
		if broken := recover(); broken != nil {
			p.gateway.log.Error("a handshake broke off", "error", broken)
			_ = conn.Close()
		}
	}()
	r := handshakeIn(came, w.in, conn)
	if r == nil {
		_ = conn.SetReadDeadline(time.Time{})
		p.pass(&begun{TCPConn: conn, came: bytes.Clone(came)}, nil)
		return
	}
	p.handler.ServeHTTP(w, r.WithContext(ctx))
	if !w.hijacked {
		w.finish()
	}
}

// handshakeIn is the request that came, if it is one of those that are let in
// here. It is read from in; what came stays where it is.
func handshakeIn(came []byte, in *bufio.Reader, conn net.Conn) *http.Request {
	if !bytes.HasPrefix(came, []byte(handshakeLine)) || bytes.Index(came, []byte("\r\n\r\n")) != len(came)-4 || !allPlain(came) {
		return nil
	}
	if _, err := in.Discard(len(handshakeLine)); err != nil {
		return nil
	}
	header, err := textproto.NewReader(in).ReadMIMEHeader()
	host := header["Host"]
	if err != nil || in.Buffered() > 0 || len(host) != 1 || !isHost(host[0]) {
		return nil
	}
	for name := range header {
		switch name {
		case "Content-Length", "Transfer-Encoding", "Trailer", "Expect":
			return nil
		}
		if !isName(name) {
			return nil
		}
	}
	delete(header, "Host")
	return &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: "/v1/ws"}, RequestURI: "/v1/ws", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header(header), Body: http.NoBody, Host: host[0], RemoteAddr: conn.RemoteAddr().String(),
	}
}

// allPlain tells whether a head is of printable ASCII.
func allPlain(head []byte) bool {
	for _, c := range head {
		if c < ' ' && c != '\r' && c != '\n' || c > '~' {
			return false
		}
	}
	return true
}

// isName tells whether a header's name is what RFC 9110 has names made of.
func isName(name string) bool {
	for _, c := range []byte(name) {
		if !letterOrDigit(c) && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}

func letterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// isHost tells whether a Host has only what hosts and ports have.
func isHost(host string) bool {
	for _, c := range []byte(host) {
		if !letterOrDigit(c) && !strings.ContainsRune(".-:[]", rune(c)) {
			return false
		}
	}
	return host != ""
}

// begun is a connection of which something was read.
type begun struct {
	*net.TCPConn
	came []byte
}

// Read implements net.Conn.
func (b *begun) Read(p []byte) (int, error) {
	if len(b.came) == 0 {
		return b.TCPConn.Read(p)
	}
	n := copy(p, b.came)
	if b.came = b.came[n:]; len(b.came) == 0 {
		b.came = nil
	}
	return n, nil
}

// WriteTo implements io.WriterTo, which the connection would without what came.
func (b *begun) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{b}) }
