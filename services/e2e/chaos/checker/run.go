package checker

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// run is a history, read.
type run struct {
	entries []history.Entry
	conns   map[int]*conn
	opened  []*conn // as they were opened
	calls   []*call // as they were sent
	frames  []got   // as they came
	rooms   map[string]*room
	broken  []history.Entry
	quiet   int64 // 0: never
	found   map[string][]Violation
}

// conn is one connection.
type conn struct {
	number       int
	user, device string
	opened       int64
	closed       int64 // 0: open in the end
	calls        map[uint32]*call
	frames       []got
}

// call is a request, with its answer if there was one.
type call struct {
	conn    *conn
	request history.Request
	sent    int64
	reply   *history.Frame // nil: none
	replied int64
}

// got is a frame that came.
type got struct {
	conn  *conn
	frame *history.Frame
	at    int64
	call  *call // that it answers, or nil
}

func read(entries []history.Entry) (*run, error) {
	r := &run{entries: entries, conns: map[int]*conn{}, rooms: map[string]*room{}, found: map[string][]Violation{}}
	for i, e := range entries {
		if err := r.take(e); err != nil {
			return nil, fmt.Errorf("entry %d of the history (%s): %w", i+1, e.Kind, err)
		}
	}
	r.words()
	return r, nil
}

func (r *run) take(e history.Entry) error {
	c := r.conns[e.Conn]
	switch e.Kind {
	case history.Opened:
		c = &conn{number: e.Conn, user: e.User, device: e.Device, opened: e.At, calls: map[uint32]*call{}}
		r.conns[e.Conn] = c
		r.opened = append(r.opened, c)
	case history.Sent, history.Got, history.Closed:
		if c == nil {
			return fmt.Errorf("connection %d was not opened", e.Conn)
		}
		return r.traffic(c, e)
	case history.Broke:
		r.broken = append(r.broken, e)
	case history.Quiet:
		r.quiet = e.At
	case history.Final:
		stored := &history.Room{}
		if err := json.Unmarshal(e.Frame, stored); err != nil {
			return err
		}
		r.rooms[stored.Room] = newRoom(stored)
	}
	return nil
}

func (r *run) traffic(c *conn, e history.Entry) error {
	switch e.Kind {
	case history.Sent:
		k := &call{conn: c, sent: e.At}
		if err := json.Unmarshal(e.Frame, &k.request); err != nil {
			return err
		}
		c.calls[k.request.ID] = k
		r.calls = append(r.calls, k)
	case history.Got:
		f := &history.Frame{}
		if err := json.Unmarshal(e.Frame, f); err != nil {
			return err
		}
		g := got{conn: c, frame: f, at: e.At, call: c.calls[f.Re]}
		if g.call != nil {
			g.call.reply, g.call.replied = f, e.At
		}
		c.frames, r.frames = append(c.frames, g), append(r.frames, g)
	case history.Closed:
		c.closed = e.At
	}
	return nil
}

// room is what is stored of a room, and who was in it when.
type room struct {
	*history.Room
	stays map[string][]stay
	gone  map[uint32]bool     // messages that are deleted in the end
	edits map[uint32][]string // texts that a message had after it was sent
}

// stay is a time as a member: events from the one that began it to the one
// that ended it.
type stay struct{ from, to uint32 } // to 0: to the end

func newRoom(stored *history.Room) *room {
	m := &room{Room: stored, stays: map[string][]stay{}, gone: map[uint32]bool{}, edits: map[uint32][]string{}}
	for i := range stored.Events {
		e := &stored.Events[i]
		switch {
		case e.Created != nil:
			for _, member := range e.Created.Members {
				m.enter(member.User, e.Seq)
			}
		case e.Joined != nil:
			m.enter(e.User, e.Seq)
		case e.Deleted != nil:
			m.gone[e.Deleted.Seq] = true
		}
		if user := e.Goes(); user != "" {
			m.leave(user, e.Seq)
		}
	}
	return m
}

func (m *room) enter(user string, seq uint32) {
	m.stays[user] = append(m.stays[user], stay{from: seq})
}

func (m *room) leave(user string, seq uint32) {
	if stays := m.stays[user]; len(stays) > 0 && stays[len(stays)-1].to == 0 {
		stays[len(stays)-1].to = seq
	}
}

// sees tells whether a member's stay has the event in it: from the one by which
// they came to the one by which they went.
func (m *room) sees(user string, seq uint32) bool {
	for _, s := range m.stays[user] {
		if s.from <= seq && (s.to == 0 || seq <= s.to) {
			return true
		}
	}
	return false
}

// member tells whether a user was one once the event had happened.
func (m *room) member(user string, seq uint32) bool {
	for _, s := range m.stays[user] {
		if s.from <= seq && (s.to == 0 || seq < s.to) {
			return true
		}
	}
	return false
}

// was tells whether a user was in the room at any time up to a seq.
func (m *room) was(user string, seq uint32) bool {
	return slices.ContainsFunc(m.stays[user], func(s stay) bool { return s.from <= seq })
}

// at is the stored event at a seq, or nil.
func (m *room) at(seq uint32) *history.Event {
	if m == nil || seq == 0 || int(seq) > len(m.Events) {
		return nil
	}
	return &m.Events[seq-1]
}

// unread: nothing is known of what is stored of the room, since the run did not
// come to its end, which is told by itself.
func (r *run) unread(room string) bool { return r.quiet == 0 && r.rooms[room] == nil }
