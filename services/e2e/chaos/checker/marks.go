package checker

import "github.com/natter-chat/natter/services/e2e/chaos/history"

// reader is one user in one room.
type reader struct{ room, user string }

// marks: what anybody was told of how far a user has read is never taken back.
func (r *run) marks() {
	highest := r.marksInViews()
	for _, c := range r.opened {
		last := map[reader]uint32{}
		for _, g := range c.frames {
			m := g.frame.ReadMark
			if m == nil {
				continue
			}
			who := reader{m.Room, m.User}
			if m.Seq < last[who] {
				r.broke(g.of("mark", m.Room, m.Seq, "the mark of %s fell from %d", m.User, last[who]))
			}
			last[who] = max(last[who], m.Seq)
			if stored := r.rooms[m.Room]; stored != nil && m.Seq > stored.Head {
				r.broke(g.of("mark", m.Room, m.Seq, "the mark of %s is beyond the room's end", m.User))
			}
			highest[who] = max(highest[who], m.Seq)
		}
	}
	for id, m := range r.rooms {
		for _, member := range m.Members {
			if known := highest[reader{id, member.User}]; member.ReadSeq < known {
				r.broke(Violation{Rule: "mark", Room: id, User: member.User, Seq: member.ReadSeq, Text: "the stored mark is below one that was seen"})
			}
		}
	}
}

// marksInViews follows what users were told of themselves: a view that was
// asked for later tells of no lower mark.
func (r *run) marksInViews() map[reader]uint32 {
	highest := map[reader]uint32{}
	byCall := map[*call]map[reader]uint32{} // as known when it was asked
	step := func(g got, view *history.View) {
		if !view.Member() {
			return
		}
		who := reader{view.Room, g.conn.user}
		if known := byCall[g.call][who]; view.ReadSeq < known {
			r.broke(g.of("mark", view.Room, view.ReadSeq, "the user's mark was at %d before this view was asked for", known))
		}
		highest[who] = max(highest[who], view.ReadSeq)
	}
	calls := r.calls
	for _, g := range r.frames {
		for len(calls) > 0 && calls[0].sent <= g.at {
			byCall[calls[0]] = known(highest, calls[0])
			calls = calls[1:]
		}
		if g.call == nil {
			continue
		}
		if g.frame.Welcome != nil {
			for i := range g.frame.Welcome.Rooms {
				step(g, &g.frame.Welcome.Rooms[i])
			}
		}
		if g.frame.Room != nil {
			step(g, g.frame.Room)
		}
	}
	return highest
}

// known is what was known of the caller when a view was asked for.
func known(highest map[reader]uint32, k *call) map[reader]uint32 {
	if k.request.Hello == nil && k.request.Watch == nil && k.request.Join == nil {
		return nil
	}
	mine := map[reader]uint32{}
	for who, seq := range highest {
		if who.user == k.conn.user {
			mine[who] = seq
		}
	}
	return mine
}
