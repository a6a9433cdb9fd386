package checker

import "github.com/natter-chat/natter/services/e2e/chaos/history"

// leaks: who is removed sees the event by which that happened, and nothing that
// followed, until they are let in again.
func (r *run) leaks() {
	for _, c := range r.opened {
		views := map[string]*history.View{}
		for _, g := range c.frames {
			f := g.frame
			if f.Welcome != nil {
				for i := range f.Welcome.Rooms {
					views[f.Welcome.Rooms[i].Room] = &f.Welcome.Rooms[i]
				}
			}
			if f.Room != nil {
				views[f.Room.Room] = f.Room
			}
			if f.Event != nil {
				r.leak(g, f.Event, views[f.Event.Room])
			}
		}
	}
}

// leak holds one event to what its reader was when it came.
func (r *run) leak(g got, e *history.Event, view *history.View) {
	m := r.rooms[e.Room]
	if m == nil || m.sees(g.conn.user, e.Seq) {
		return
	}
	// They were no member when it happened. It may still be theirs to see: a member
	// reads what was before them, and anybody watches a public room.
	if view != nil && e.Seq <= view.Head && m.member(g.conn.user, view.Head) {
		return
	}
	removed := m.lastEnd(g.conn.user, e.Seq)
	if m.Kind != "PRIVATE" && (removed == 0 || view != nil && view.Head >= removed) {
		return
	}
	r.broke(g.of("leak", e.Room, e.Seq, "the user's membership had ended with seq %d; they were shown: %s", removed, describe(e)))
}

// lastEnd is the seq of the last event before seq that ended a stay; 0: none.
func (m *room) lastEnd(user string, seq uint32) uint32 {
	end := uint32(0)
	for _, s := range m.stays[user] {
		if s.to != 0 && s.to < seq {
			end = s.to
		}
	}
	return end
}
