// Package bare is the least that a chat server can be: what one member of a
// room says goes to all of them, by gorilla/websocket, without accounts, order,
// storage or limits. What natter costs is told as a ratio to it, since seconds
// and microseconds change with the machine.
package bare

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// Mode is how what a room says goes out.
type Mode string

const (
	// Direct makes one write for each message and member.
	Direct Mode = "direct"
	// Coalesced lets the bytes of a member wait while a write to them is under
	// way; they go together in the next.
	Coalesced Mode = "coalesced"
)

// In is said to who comes with the query's "tell", once all that is said reaches
// them: the handshake is answered a moment before.
const In = "in"

// Server keeps rooms, which are named by the query's "room". Its zero value but
// for the mode is ready.
type Server struct {
	Mode Mode

	mu    sync.Mutex
	rooms map[string]*room
}

// room is its members. While one of them speaks to all nobody else does, so
// that all hear the same order.
type room struct {
	mu      sync.Mutex
	members map[member]bool
}

// member is told what the room says.
type member interface {
	say(payload []byte, prepared *websocket.PreparedMessage)
}

// ServeHTTP upgrades, and passes on what the connection says until it ends.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{ReadBufferSize: 4096, WriteBufferSize: 4096}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it was answered
	}
	defer conn.Close()
	conn.SetReadLimit(longest)
	room := s.room(r.URL.Query().Get("room"))
	var m member = &direct{conn: conn}
	if s.Mode == Coalesced {
		m = &coalesced{conn: conn}
	}
	if err := room.enter(m, r.URL.Query().Has("tell")); err != nil {
		return
	}
	defer room.leave(m)
	for {
		_, payload, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if err := room.say(payload); err != nil {
			return
		}
	}
}

func (s *Server) room(name string) *room {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms == nil {
		s.rooms = map[string]*room{}
	}
	if s.rooms[name] == nil {
		s.rooms[name] = &room{members: map[member]bool{}}
	}
	return s.rooms[name]
}

func (r *room) enter(m member, tell bool) error {
	prepared, err := websocket.NewPreparedMessage(websocket.TextMessage, []byte(In))
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members[m] = true
	if tell { // before anything else
		m.say([]byte(In), prepared)
	}
	return nil
}

func (r *room) leave(m member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, m)
}

func (r *room) say(payload []byte) error {
	prepared, err := websocket.NewPreparedMessage(websocket.TextMessage, payload)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for m := range r.members {
		m.say(payload, prepared)
	}
	return nil
}

// direct is a member to whom each message is one write.
type direct struct{ conn *websocket.Conn }

func (d *direct) say(_ []byte, prepared *websocket.PreparedMessage) {
	_ = d.conn.WritePreparedMessage(prepared) // a lost connection ends where it is read
}

// coalesced is a member whose bytes may wait. The goroutine that writes them
// lives as long as there is something to write.
type coalesced struct {
	conn *websocket.Conn

	mu      sync.Mutex
	waiting []byte
	spare   []byte
	writing bool
}

func (c *coalesced) say(payload []byte, _ *websocket.PreparedMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = appendText(c.waiting, payload)
	if !c.writing {
		c.writing = true
		go c.write()
	}
}

func (c *coalesced) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) > 0 {
		out := c.waiting
		c.waiting, c.spare = c.spare[:0], nil
		c.mu.Unlock()
		_, err := c.conn.NetConn().Write(out)
		c.mu.Lock()
		c.spare = out[:0]
		if err != nil {
			c.waiting = nil
		}
	}
	c.writing = false
}

// longest payload, which a frame's 16 bits of length hold.
const longest = 1<<16 - 1

// appendText appends a frame as a server sends it: final, text, not masked.
func appendText(dst, payload []byte) []byte {
	if n := len(payload); n < 126 {
		dst = append(dst, 0x81, byte(n))
	} else {
		dst = append(dst, 0x81, 126, byte(n>>8), byte(n))
	}
	return append(dst, payload...)
}
