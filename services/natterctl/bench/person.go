package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

const (
	subprotocol = "natter.v1.protobuf"
	writeTime   = 10 * time.Second
)

// person is one client. send is for one goroutine; another reads.
type person struct {
	user string
	room *room

	conn   *websocket.Conn
	lost   atomic.Bool // the connection ended before it was closed here
	closed atomic.Bool
	last   uint32 // the room's last event that came
	begun  bool   // last is known
	number uint32 // of the last request

	mu     sync.Mutex
	asking map[uint32]string // clientMsgId by request
}

// connect says hello, and reads from then on.
func (p *person) connect(ctx context.Context, base, token string) error {
	u, err := url.Parse(base)
	if err != nil {
		return err
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	default:
		return &command.Advised{Err: fmt.Errorf("--url: %q is no address of a web server", base), Next: "give one such as https://chat.example.com."}
	}
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: writeTime, Subprotocols: []string{subprotocol}}
	conn, response, err := dialer.DialContext(ctx, u.JoinPath("v1", "ws").String(), nil)
	if err != nil {
		if response != nil {
			err = fmt.Errorf("%w: %s", err, response.Status)
		}
		return &command.Advised{Err: fmt.Errorf("connect to %s: %w", base, err), Next: "see that a gateway answers there (--url), and that it lets so many in from one address (NATTER_CONNECTIONS_PER_ADDRESS)."}
	}
	p.conn, p.asking = conn, map[uint32]string{}
	frame, err := p.hello(token)
	if err == nil && frame.GetWelcome() == nil {
		err = fmt.Errorf("hello was refused: %s: %s", frame.GetError().GetCode(), frame.GetError().GetMessage())
	}
	if err != nil {
		_ = conn.Close()
		return &command.Advised{Err: err, Next: "see that the JWT secret, issuer and audience are those of the gateways."}
	}
	for _, view := range frame.GetWelcome().GetRooms() {
		if view.GetRoom() == p.room.id {
			p.last, p.begun = view.GetHead(), true
		}
	}
	if err := p.watch(); err != nil {
		_ = conn.Close()
		return fmt.Errorf("the room %s does not come to %s: %w", p.room.id, p.user, err)
	}
	go p.read()
	return nil
}

// watch waits until the room is live here: what is sent before would not come.
func (p *person) watch() error {
	if p.begun {
		return nil
	}
	if err := p.write(&clientv1.ClientFrame{Request: &clientv1.ClientFrame_Watch_{Watch: &clientv1.ClientFrame_Watch{Room: p.room.id}}}); err != nil {
		return err
	}
	if err := p.conn.SetReadDeadline(time.Now().Add(2 * writeTime)); err != nil {
		return err
	}
	for !p.begun {
		f, err := p.next()
		if err != nil {
			return err
		}
		if f.GetError() != nil {
			return fmt.Errorf("%s: %s", f.GetError().GetCode(), f.GetError().GetMessage())
		}
		p.take(f, time.Now())
	}
	return p.conn.SetReadDeadline(time.Time{})
}

func (p *person) hello(token string) (*clientv1.ServerFrame, error) {
	hello := &clientv1.ClientFrame_Hello{Token: token, Agent: proto.String("natterctl bench")}
	if err := p.write(&clientv1.ClientFrame{Request: &clientv1.ClientFrame_Hello_{Hello: hello}}); err != nil {
		return nil, err
	}
	if err := p.conn.SetReadDeadline(time.Now().Add(2 * writeTime)); err != nil {
		return nil, err
	}
	frame, err := p.next()
	if err == nil {
		err = p.conn.SetReadDeadline(time.Time{})
	}
	return frame, err
}

func (p *person) write(f *clientv1.ClientFrame) error {
	p.number++
	f.Id = p.number
	data, err := proto.Marshal(f)
	if err != nil {
		return err
	}
	if err := p.conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	return p.conn.WriteMessage(websocket.BinaryMessage, data)
}

// send sends one message; who has lost the connection sends no more.
func (p *person) send(text string) {
	if p.lost.Load() {
		return
	}
	id := p.user + "-" + strconv.Itoa(int(p.number))
	p.mu.Lock()
	p.asking[p.number+1] = id
	p.mu.Unlock()
	p.room.send(id, time.Now())
	err := p.write(&clientv1.ClientFrame{Request: &clientv1.ClientFrame_Send_{Send: &clientv1.ClientFrame_Send{
		Room: p.room.id, ClientMsgId: id, Text: text, Attempt: proto.Uint32(1),
	}}})
	if err != nil {
		p.lost.Store(true)
		p.room.refuse(id, "not sent")
	}
}

func (p *person) next() (*clientv1.ServerFrame, error) {
	_, data, err := p.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	f := &clientv1.ServerFrame{}
	return f, proto.Unmarshal(data, f)
}

func (p *person) read() {
	for {
		f, err := p.next()
		if err != nil {
			if !p.closed.Load() {
				p.lost.Store(true)
			}
			return
		}
		p.take(f, time.Now())
	}
}

func (p *person) take(f *clientv1.ServerFrame, at time.Time) {
	switch {
	case f.GetAck() != nil:
		p.room.ack(p.asked(f.GetRe()), at)
	case f.GetError() != nil && f.Re != nil:
		p.room.refuse(p.asked(f.GetRe()), f.GetError().GetCode().String())
	case f.GetRoom() != nil && f.GetRoom().GetRoom() == p.room.id && !p.begun:
		p.last, p.begun = f.GetRoom().GetHead(), true
	case f.GetEvent() != nil && f.GetEvent().GetRoom() == p.room.id:
		e := f.GetEvent()
		if e.GetSeq() != p.last+1 && p.begun {
			p.room.disorder()
		}
		p.last, p.begun = max(p.last, e.GetSeq()), true
		if e.GetMessage() != nil {
			p.room.arrive(e.GetClientMsgId(), at)
		}
	}
}

// asked is the message of a request, which is answered now.
func (p *person) asked(number uint32) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := p.asking[number]
	delete(p.asking, number)
	return id
}

func (p *person) close() {
	p.closed.Store(true)
	if p.conn != nil {
		_ = p.conn.Close()
	}
}
