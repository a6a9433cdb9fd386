package checker

import (
	"fmt"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// replayed is how many missing events a resume brings at most.
const replayed = 500

// sight is one room as one connection has it.
type sight struct {
	next uint32
	// or is right for the next event, too: where a view of a live room came. 0: none.
	or uint32
	// head of the view by which it came in.
	head uint32
	role string
}

// views: what each connection saw of each room has no hole and no double.
func (r *run) views() {
	for _, c := range r.opened {
		live := map[string]*sight{}
		for _, g := range c.frames {
			r.look(live, g)
		}
		if r.quiet > 0 && c.closed == 0 {
			r.behind(c, live)
		}
	}
}

// look follows a frame.
func (r *run) look(live map[string]*sight, g got) {
	switch f := g.frame; {
	case f.Welcome != nil && g.call != nil && g.call.request.Hello != nil:
		hello := g.call.request.Hello
		from := map[string]uint32{}
		for _, p := range hello.Resume {
			from[p.Room] = p.Seq
		}
		for i := range f.Welcome.Rooms {
			view := &f.Welcome.Rooms[i]
			at, named := from[view.Room]
			r.enter(live, g, view, at, named, hello.Epoch != "" && hello.Epoch != f.Welcome.Epoch)
		}
	case f.Room != nil:
		at, named := uint32(0), false
		if g.call != nil && g.call.request.Watch != nil && g.call.request.Watch.Seq != nil {
			at, named = *g.call.request.Watch.Seq, true
		}
		r.enter(live, g, f.Room, at, named, false)
	case f.Gone != nil:
		delete(live, f.Gone.Room)
	case f.Event != nil:
		r.saw(live, g, f.Event)
	}
}

func (g got) of(rule, room string, seq uint32, text string, args ...any) Violation {
	return Violation{Rule: rule, Room: room, User: g.conn.user, Conn: g.conn.number, Seq: seq, At: g.at, Text: fmt.Sprintf(text, args...)}
}

func (r *run) enter(live map[string]*sight, g got, view *history.View, from uint32, named, otherEpoch bool) {
	s := &sight{next: view.Head + 1, head: view.Head, role: view.Role}
	if before := live[view.Room]; before != nil {
		s.or = before.next
	}
	live[view.Room] = s
	switch {
	case view.Resume == "COMPLETE" && !named, view.Resume == "COMPLETE" && from > view.Head:
		r.broke(g.of("reset", view.Room, view.Head, "the room goes on from %d, where nobody was", from))
	case view.Resume == "COMPLETE":
		s.next, s.or = from+1, 0
	case view.Resume == "TRUNCATED" && view.Head-from <= replayed:
		r.broke(g.of("reset", view.Room, view.Head, "only %d events are missing, and they are not replayed", view.Head-from))
	case view.Resume == "RESET":
		r.broke(g.of("reset", view.Room, view.Head, "the position %d is of another past (another epoch: %t)", from, otherEpoch))
	case view.Resume == "FRESH" && named:
		r.broke(g.of("reset", view.Room, view.Head, "the room begins anew, though the client had events up to %d", from))
	}
}

func (r *run) saw(live map[string]*sight, g got, e *history.Event) {
	s := live[e.Room]
	switch {
	case s == nil:
		r.broke(g.of("gap", e.Room, e.Seq, "an event came of a room that is not live"))
		return
	case e.Seq == s.next, s.or != 0 && e.Seq == s.or:
	case e.Seq < s.next:
		r.broke(g.of("gap", e.Room, e.Seq, "it came where %d should be: a double", s.next))
	default:
		r.broke(g.of("gap", e.Room, e.Seq, "it came where %d should be: a hole", s.next))
	}
	s.next, s.or = e.Seq+1, 0
}

// behind: a connection that is open when all is quiet has come to each room's
// end, and has all rooms of its user.
func (r *run) behind(c *conn, live map[string]*sight) {
	for id, s := range live {
		if m := r.rooms[id]; m != nil && s.next <= m.Head {
			r.broke(Violation{Rule: "behind", Room: id, User: c.user, Conn: c.number, Seq: s.next, Text: fmt.Sprintf("the room goes to %d, and the connection has it to %d", m.Head, s.next-1)})
		}
	}
	for id, m := range r.rooms {
		if live[id] == nil && m.member(c.user, m.Head) {
			r.broke(Violation{Rule: "behind", Room: id, User: c.user, Conn: c.number, Text: "the user is a member, and the room is not live on their connection"})
		}
	}
}
