// Package client speaks natter's WebSocket protocol, version 1, in JSON. It
// is written from the contract alone, and suspicious: it holds every frame to
// the contract's fields, every reply to a request that was made, and every
// room's events to 1, 2, 3 …; what was wrong is in [Client.Faults].
package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Subprotocol that the client asks for.
const Subprotocol = "natter.v1.json"

// Patience bounds each wait for the server. A command may take 15 s until its
// outcome is called unknown; the rest is for the slowest machine with the race
// detector and much else to do.
const Patience = 60 * time.Second

// Client is one WebSocket connection. Safe for concurrent use.
type Client struct {
	conn    *websocket.Conn
	schema  object
	observe func(*Event) // may be nil
	goaway  func(*Goaway)
	tap     func(sent bool, message []byte) // may be nil
	gate    sync.Mutex                      // held: nothing is read
	write   sync.Mutex

	mu      sync.Mutex
	lastID  uint32
	asked   map[uint32]question
	replies map[uint32]Frame
	frames  []Frame
	rooms   ledger
	epoch   string
	faults  []error
	end     *Closed
	news    chan struct{} // closed when something came
}

// question is what the ledger must know of a request.
type question struct {
	kind, room string
	from       map[string]uint32 // positions that it named, by room
}

// Options of a connection; the zero value is what most want.
type Options struct {
	// Header of the upgrade's request, such as an Origin.
	Header http.Header
	// TLS of a gateway whose address begins with https; nil: what is usual.
	TLS *tls.Config
	// ReadBuffer of the socket in bytes; 0: the system's. With a small one the
	// server soon notices that nobody reads.
	ReadBuffer int
	// Observe takes the events as they come, called by one goroutine. With it,
	// frames are not kept: what was not waited for when it came is gone, and
	// only replies are kept until they are asked for, once.
	Observe func(*Event)
	// Goaway is told when the server asks to go elsewhere, by the same
	// goroutine. It may be nil.
	Goaway func(*Goaway)
	// Tap sees every request before it is written, and every message as it came,
	// before anybody else does. It keeps neither, and may be nil. It is called by
	// several goroutines.
	Tap func(sent bool, message []byte)
}

// Dial connects to a gateway, such as "http://127.0.0.1:8080".
func Dial(ctx context.Context, gateway string, o Options) (*Client, error) {
	dialer := websocket.Dialer{Subprotocols: []string{Subprotocol}, HandshakeTimeout: Patience, NetDialContext: o.dial, TLSClientConfig: o.TLS}
	conn, response, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(gateway, "http")+"/v1/ws", o.Header)
	if err != nil {
		return nil, refused(response, err)
	}
	if got := conn.Subprotocol(); got != Subprotocol {
		conn.Close()
		return nil, fmt.Errorf("the gateway chose subprotocol %q", got)
	}
	c := &Client{
		conn: conn, schema: frames(), observe: o.Observe, goaway: o.Goaway, tap: o.Tap,
		asked: map[uint32]question{}, replies: map[uint32]Frame{}, rooms: ledger{}, news: make(chan struct{}),
	}
	go c.read()
	return c, nil
}

func (o Options) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if tcp, ok := conn.(*net.TCPConn); ok && o.ReadBuffer > 0 {
		err = tcp.SetReadBuffer(o.ReadBuffer)
	}
	return conn, err
}

// Refused is an upgrade that was answered with another status.
type Refused struct{ Status int }

func (r *Refused) Error() string { return fmt.Sprintf("the upgrade was answered with %d", r.Status) }

func refused(response *http.Response, err error) error {
	if response == nil {
		return err
	}
	response.Body.Close()
	return errors.Join(&Refused{Status: response.StatusCode}, err)
}

// Post sends a request and does not wait; its id is for [Client.Reply].
func (c *Client) Post(kind string, body any) (uint32, error) {
	q := ask(kind, body)
	c.mu.Lock()
	c.lastID++
	id := c.lastID
	c.asked[id] = q
	c.mu.Unlock()
	c.write.Lock()
	defer c.write.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(Patience)); err != nil {
		return 0, err
	}
	message, err := json.Marshal(M{"id": id, kind: body})
	if err != nil {
		return 0, err
	}
	if c.tap != nil {
		c.tap(true, message)
	}
	return id, c.conn.WriteMessage(websocket.TextMessage, message)
}

// Raw sends a WebSocket message as it is (websocket.TextMessage, …).
func (c *Client) Raw(kind int, message []byte) error {
	c.write.Lock()
	defer c.write.Unlock()
	return c.conn.WriteMessage(kind, message)
}

// RawRequest sends text whose id, told here, is to be answered.
func (c *Client) RawRequest(id uint32, message string) error {
	c.mu.Lock()
	c.asked[id] = question{}
	c.lastID = max(c.lastID, id)
	c.mu.Unlock()
	return c.Raw(websocket.TextMessage, []byte(message))
}

// NextID is an id that no request had, for [Client.RawRequest].
func (c *Client) NextID() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	return c.lastID
}

// Reply waits for the answer to a request. It is no error if that is a refusal.
func (c *Client) Reply(ctx context.Context, id uint32) (Frame, error) {
	var reply Frame
	err := c.wait(ctx, fmt.Sprintf("the reply to request %d", id), func() bool {
		var there bool
		reply, there = c.replies[id]
		if there && c.observe != nil {
			delete(c.replies, id)
			delete(c.asked, id)
		}
		return there
	})
	return reply, err
}

// Do is a request and its answer. It is no error if that is a refusal.
func (c *Client) Do(ctx context.Context, kind string, body any) (Frame, error) {
	id, err := c.Post(kind, body)
	if err != nil {
		return Frame{}, fmt.Errorf("%s: %w", kind, err)
	}
	reply, err := c.Reply(ctx, id)
	if err != nil {
		return Frame{}, fmt.Errorf("%s: %w", kind, err)
	}
	return reply, nil
}

// Hello begins the session. A refusal is an error.
func (c *Client) Hello(ctx context.Context, hello M) (*Welcome, error) {
	reply, err := c.Do(ctx, "hello", hello)
	switch {
	case err != nil:
		return nil, err
	case reply.Error != nil:
		return nil, reply.Error
	case reply.Welcome == nil:
		return nil, fmt.Errorf("hello was answered with %s", reply)
	}
	return reply.Welcome, nil
}

// Close ends the connection without ado, as a lost network would.
func (c *Client) Close() error { return c.conn.Close() }

// Stall stops reading, until the function returned is called.
func (c *Client) Stall() (resume func()) {
	c.gate.Lock()
	return sync.OnceFunc(c.gate.Unlock)
}
