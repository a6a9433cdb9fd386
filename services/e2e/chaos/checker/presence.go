package checker

import "fmt"

// presence: the last answer on who is here, after all was quiet, is right.
func (r *run) presence() {
	if r.quiet == 0 {
		return
	}
	last := map[string]got{}
	for _, g := range r.frames {
		if p := g.frame.Presence; p != nil && g.call != nil && g.call.request.Presence != nil && g.call.sent > r.quiet {
			last[g.call.request.Presence.Room] = g
		}
	}
	here := map[string]bool{}
	for _, c := range r.opened {
		if c.closed == 0 {
			here[c.user] = true
		}
	}
	for id, g := range last {
		if m := r.rooms[id]; m != nil {
			r.here(id, g, m, here)
		}
	}
}

func (r *run) here(id string, g got, m *room, here map[string]bool) {
	want := uint32(0)
	told := map[string]string{}
	for _, s := range g.frame.Presence.Changes {
		told[s.User] = s.State
	}
	for user := range roles(m.Events) {
		online := told[user] != "" && told[user] != "OFFLINE"
		if here[user] {
			want++
		}
		if online != here[user] {
			r.broke(Violation{Rule: "presence", Room: id, User: user, At: g.at, Text: fmt.Sprintf("connected: %t, shown: %q", here[user], told[user])})
		}
	}
	if g.frame.Presence.Online != want {
		r.broke(Violation{Rule: "presence", Room: id, At: g.at, Text: fmt.Sprintf("%d members are online, and %d are counted", want, g.frame.Presence.Online)})
	}
}

// contract: what was noticed while it ran, and a run that ended.
func (r *run) contract() {
	for _, e := range r.broken {
		v := Violation{Rule: "contract", Conn: e.Conn, At: e.At, Text: e.Text}
		if c := r.conns[e.Conn]; c != nil {
			v.User = c.user
		}
		r.broke(v)
	}
	if r.quiet == 0 {
		r.broke(Violation{Rule: "contract", Text: "the run did not come to its end"})
	}
	if r.quiet > 0 && len(r.rooms) == 0 {
		r.broke(Violation{Rule: "contract", Text: "what is stored was not read in the end"})
	}
}
