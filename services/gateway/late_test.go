package gateway

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// lateHijacker lets a handshake go on when it is told to.
type lateHijacker struct {
	http.ResponseWriter
	began chan<- struct{}
	goOn  <-chan struct{}
}

func (h *lateHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	close(h.began)
	<-h.goOn
	return http.NewResponseController(h.ResponseWriter).Hijack()
}

// TestLateHandshake: who was let in before the drain, and comes when it has closed
// all others, is sent away as they were.
func TestLateHandshake(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Drain = 10 * time.Millisecond })
	began, goOn := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.Handler().ServeHTTP(&lateHijacker{w, began, goOn}, q)
	}))
	defer server.Close()
	ended := make(chan error, 1)
	go func() {
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/v1/ws", nil)
		if err == nil {
			_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
			_, _, err = conn.ReadMessage()
			_ = conn.Close()
		}
		ended <- err
	}()
	<-began
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		r.stop()
	}()
	eventually(t, "the drain closes all", r.finishing.Load)
	close(goOn)
	var closed *websocket.CloseError
	if err := <-ended; !errors.As(err, &closed) || closed.Code != closeGoingAway {
		t.Errorf("the late one ended with %v, want %d", err, closeGoingAway)
	}
	<-stopped
}
