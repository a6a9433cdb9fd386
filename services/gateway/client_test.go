package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/natter-chat/natter/services/gateway/frame"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// object is a JSON object.
type object = map[string]any

// client is a client as others would write one: a WebSocket and JSON.
type client struct {
	t      testing.TB
	conn   *websocket.Conn
	frames chan object // everything that came, in order
	closed chan int    // close code, once

	mu   sync.Mutex
	last int
}

// dial connects without saying hello.
func (r *rig) dial(t testing.TB, setUp ...func(*websocket.Conn)) *client {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{frame.ProtocolJSON}}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(r.http.URL, "http")+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range setUp {
		f(conn)
	}
	c := &client{t: t, conn: conn, frames: make(chan object, 100_000), closed: make(chan int, 1)}
	t.Cleanup(func() { _ = conn.Close() })
	go c.read()
	return c
}

// hello connects and is greeted; the welcome is returned too.
func (r *rig) hello(t testing.TB, user string, more ...object) (*client, object) {
	t.Helper()
	c := r.dial(t)
	body := object{"token": tokenOf(t, user, time.Hour)}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	c.send("hello", body)
	return c, c.expect("welcome")
}

func (c *client) read() {
	for {
		_, data, err := c.conn.ReadMessage()
		if err != nil {
			code := 0
			var closed *websocket.CloseError
			if errors.As(err, &closed) {
				code = closed.Code
			}
			c.closed <- code
			close(c.frames)
			return
		}
		var f object
		if err := json.Unmarshal(data, &f); err != nil {
			c.t.Errorf("not JSON: %s", data)
		}
		c.frames <- f
	}
}

// send sends a request and returns its id.
func (c *client) send(name string, body object) int {
	c.t.Helper()
	c.mu.Lock()
	c.last++
	id := c.last
	c.mu.Unlock()
	c.raw(mustJSON(object{"id": id, name: body}))
	return id
}

func (c *client) raw(text string) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Errorf("write: %v", err)
	}
}

// next is the next frame: its type and body, with `re` put in.
func (c *client) next() (name string, body object) {
	c.t.Helper()
	select {
	case f, ok := <-c.frames:
		if !ok {
			c.t.Fatalf("closed (%d)", <-c.closed)
		}
		return open(c.t, f)
	case <-time.After(patience):
		c.t.Fatal("nothing came")
		return "", nil
	}
}

func open(t testing.TB, f object) (name string, body object) {
	t.Helper()
	for key, value := range f {
		if key != "re" {
			name, body = key, value.(object)
		}
	}
	if re, ok := f["re"]; ok {
		body["re"] = int(re.(float64))
	}
	return name, body
}

// expect is the next frame, which must be of a type. Presence may come at any
// time, and is passed over.
func (c *client) expect(want string) object {
	c.t.Helper()
	for {
		name, body := c.next()
		if name == want {
			return body
		}
		if name != "presenceChange" {
			c.t.Fatalf("got %s %v, want %s", name, body, want)
		}
	}
}

// call sends a request and waits for its answer, whatever comes before it.
func (c *client) call(name string, body object) (answer string, reply object) {
	c.t.Helper()
	id := c.send(name, body)
	for {
		answer, reply = c.next()
		if reply["re"] == id {
			return answer, reply
		}
	}
}

// must is call whose answer must be of a type.
func (c *client) must(want, name string, body object) object {
	c.t.Helper()
	answer, reply := c.call(name, body)
	if answer != want {
		c.t.Fatalf("%s %v: %s %v, want %s", name, body, answer, reply, want)
	}
	return reply
}

// refused is call whose answer must be an error of a code.
func (c *client) refused(code, name string, body object) object {
	c.t.Helper()
	reply := c.must("error", name, body)
	if reply["code"] != code {
		c.t.Fatalf("%s %v: %v, want %s", name, body, reply, code)
	}
	return reply
}

// event expects the next event of a room, by its seq.
func (c *client) event(seq int) object {
	c.t.Helper()
	body := c.expect("event")
	if body["seq"] != float64(seq) {
		c.t.Fatalf("event %v, want seq %d", body, seq)
	}
	return body
}

// silent fails if anything but presence has come by the time a ping is
// answered.
func (c *client) silent() {
	c.t.Helper()
	id := c.send("ping", object{})
	for {
		name, body := c.next()
		if name == "pong" && body["re"] == id {
			return
		}
		if name != "presenceChange" {
			c.t.Fatalf("got %s %v, want silence", name, body)
		}
	}
}

// ends waits until the server closes, and expects a code.
func (c *client) ends(code int) {
	c.t.Helper()
	select {
	case got := <-c.closed:
		if got != code {
			c.t.Fatalf("closed with %d, want %d", got, code)
		}
	case <-time.After(patience):
		c.t.Fatalf("not closed; want %d", code)
	}
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (r *rig) get(t testing.TB, path string, header http.Header) *http.Response {
	t.Helper()
	q, err := http.NewRequest(http.MethodGet, r.http.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		q.Header[k] = v
	}
	reply, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reply.Body.Close() })
	return reply
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	natstest.Eventually(t, patience, what, condition)
}

func msgID(n int) string { return fmt.Sprintf("m-%d", n) }
