package fold

import (
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

// roomState is a room as one who receives its messages knows it.
type roomState struct {
	owner  string
	number uint64
	online uint32
	here   map[string]Presence
}

// follow applies a message, and says whether it could: if not, the whole must
// be asked for.
func (r *roomState) follow(m *presencev1.RoomChanges) bool {
	switch {
	case m.Owner == r.owner && m.Number <= r.number:
		return true
	case m.Whole:
		r.adopt(m)
		return true
	case m.Owner != r.owner || m.Number != r.number+1:
		return false
	}
	r.number, r.online = m.Number, m.Online
	r.apply(m.Changes)
	return true
}

func (r *roomState) adopt(m *presencev1.RoomChanges) {
	*r = roomState{owner: m.Owner, number: m.Number, online: m.Online, here: map[string]Presence{}}
	r.apply(m.Changes)
}

func (r *roomState) apply(changes []*clientv1.ServerFrame_UserPresence) {
	for _, c := range changes {
		if p := presenceOf(c); p.Visible() {
			r.here[c.User] = p
		} else {
			delete(r.here, c.User)
		}
	}
}

func presenceOf(c *clientv1.ServerFrame_UserPresence) Presence {
	if c.State == clientv1.PresenceState_OFFLINE {
		return Presence{}
	}
	return Presence{State: c.State, Text: c.GetText()}
}
