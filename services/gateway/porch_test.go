package gateway

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/internal/run"
)

// porched serves handshakes of the porch with one handler, and what it passes on
// with another, and returns where.
func (r *rig) porched(t *testing.T, porch, passed http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run.HTTP(r.Porch(l, porch), passed, testLog())(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// head is a handshake as clients write it.
func head(more ...string) string {
	return handshakeLine + "Host: natter.example:80\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + strings.Join(append(more, "Sec-WebSocket-Version: 13"), "\r\n") + "\r\n\r\n"
}

// described answers with how a request looks to the handler, and by whom.
func described(by string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("By", by)
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, strings.Join([]string{r.Method, r.URL.String(), r.RequestURI, r.Proto, r.Host, r.Header.Get("X-A"), string(body)}, " "))
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err != nil || host != "127.0.0.1" {
			_, _ = io.WriteString(w, " from "+r.RemoteAddr)
		}
	})
}

// TestThePorch lets in whole handshakes by itself; everything else the HTTP server
// gets as it came, and answers by its own rules.
func TestThePorch(t *testing.T) {
	t.Parallel()
	r := start(t)
	address := r.porched(t, described("porch"), described("server"))
	plain := "GET /v1/ws /v1/ws HTTP/1.1 natter.example:80"
	for name, c := range map[string]struct {
		sent   []string
		status int
		by     string
		body   string
	}{
		"a handshake":         {[]string{head("X-A: b")}, http.StatusTeapot, "porch", plain + " b "},
		"a query":             {[]string{strings.Replace(head(), "/ws ", "/ws?a=b ", 1)}, http.StatusTeapot, "server", "GET /v1/ws?a=b /v1/ws?a=b HTTP/1.1 natter.example:80  "},
		"another path":        {[]string{strings.Replace(head(), "/v1/ws", "/", 1)}, http.StatusTeapot, "server", "GET / / HTTP/1.1 natter.example:80  "},
		"another method":      {[]string{strings.Replace(head(), "GET", "POST", 1)}, http.StatusTeapot, "server", "POST /v1/ws /v1/ws HTTP/1.1 natter.example:80  "},
		"a body":              {[]string{head("Content-Length: 2") + "hi"}, http.StatusTeapot, "server", plain + "  hi"},
		"a body that is late": {[]string{head("Content-Length: 2"), "hi"}, http.StatusTeapot, "server", plain + "  hi"},
		"in chunks":           {[]string{head("Transfer-Encoding: chunked"), "2\r\nhi\r\n0\r\n\r\n"}, http.StatusTeapot, "server", plain + "  hi"},
		"letters":             {[]string{head("X-A: é")}, http.StatusTeapot, "server", plain + " é "},
		"long":                {[]string{head("X-B: " + strings.Repeat("b", porchBuffer))}, http.StatusTeapot, "server", plain + "  "},
		"two hosts":           {[]string{head("Host: other")}, http.StatusBadRequest, "", "400 Bad Request"},
		"no host":             {[]string{strings.Replace(head(), "Host:", "Ghost:", 1)}, http.StatusBadRequest, "", "400 Bad Request"},
		"half a host":         {[]string{strings.Replace(head(), "natter.example", "natter<example", 1)}, http.StatusBadRequest, "", "400 Bad Request"},
		"a broken line":       {[]string{head("no header")}, http.StatusBadRequest, "", "400 Bad Request"},
		"a spaced name":       {[]string{head("X-A : b")}, http.StatusBadRequest, "", "400 Bad Request"},
		"a quoted name":       {[]string{head("X(A: b")}, http.StatusBadRequest, "", "400 Bad Request"},
		"a fold":              {[]string{head("X-A: b\r\n c")}, http.StatusTeapot, "porch", plain + " b c "},
		"a bell":              {[]string{head("X-A: \a")}, http.StatusBadRequest, "", "400 Bad Request"},
		"of another protocol": {[]string{"\x16\x03\x01\r\n\r\n"}, http.StatusBadRequest, "", "400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, part := range c.sent {
				if _, err := io.WriteString(conn, part); err != nil {
					t.Fatal(err)
				}
			}
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != c.status || response.Header.Get("By") != c.by || !strings.HasPrefix(string(body), c.body) {
				t.Errorf("answered %d by %q: %q, %v", response.StatusCode, response.Header.Get("By"), body, err)
			}
		})
	}
}

// TestThePorchPassesOnWhatCame, and what comes later behind it.
func TestThePorchPassesOnWhatCame(t *testing.T) {
	t.Parallel()
	r := start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := r.Porch(l, http.NotFoundHandler())
	defer p.Close()
	for _, copied := range []bool{false, true} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, head()[:40]); err != nil {
			t.Fatal(err)
		}
		served, err := p.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer served.Close()
		if _, err := io.WriteString(conn, head()[40:]); err != nil {
			t.Fatal(err)
		}
		_ = conn.(*net.TCPConn).CloseWrite()
		var got strings.Builder
		if copied {
			_, err = served.(io.WriterTo).WriteTo(&got)
		} else {
			_, err = io.Copy(&got, struct{ io.Reader }{served})
		}
		if err != nil || got.String() != head() {
			t.Errorf("passed on: %q, %v", got.String(), err)
		}
	}
}

// TestThePorchRefuses as the handler says, and ends the connection.
func TestThePorchRefuses(t *testing.T) {
	t.Parallel()
	r := start(t)
	address := r.porched(t, r.Handler(), http.NotFoundHandler())
	for more, want := range map[string]int{
		"Origin: https://evil.example": http.StatusForbidden, "Sec-WebSocket-Protocol: other": http.StatusBadRequest, "Sec-WebSocket-Extensions: none\r\nSec-WebSocket-Version: 8": http.StatusUpgradeRequired,
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, head(more)); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != want || !strings.Contains(string(body), `"code"`) || !response.Close {
			t.Errorf("%s: %v, %s, %v", more, response, body, err)
		}
		if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: the connection goes on: %v", more, err)
		}
	}
}

// TestThePorchSurvivesItsHandler, as the HTTP server does.
func TestThePorchSurvivesItsHandler(t *testing.T) {
	t.Parallel()
	r := start(t)
	address := r.porched(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }), http.NotFoundHandler())
	for range 2 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, head()); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Error("a handshake that broke off was answered")
		}
	}
}

// TestThePorchCloses: who has said nothing is let go when the server ends, and
// nobody is taken any more.
func TestThePorchCloses(t *testing.T) {
	t.Parallel()
	r := start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := r.Porch(l, http.NotFoundHandler())
	accepted := make(chan error, 1)
	go func() {
		_, err := p.Accept()
		accepted <- err
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Errorf("accepted after the end: %v", err)
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n"); err == nil {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if n, err := conn.Read(make([]byte, 1)); n > 0 || errors.Is(err, context.DeadlineExceeded) {
			t.Error("answered after the end")
		}
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("let in after the end")
	}
}
