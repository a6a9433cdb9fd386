package fold

import (
	"cmp"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// Presence is how a user may be reached, as others see it. The zero value is
// offline.
type Presence struct {
	// State is ONLINE, AWAY or BUSY; OFFLINE is the zero value.
	State clientv1.PresenceState
	Text  string
}

// Visible says whether others see the user here.
func (p Presence) Visible() bool { return p != Presence{} }

// Message describes the user to others.
func (p Presence) Message(user string) *clientv1.ServerFrame_UserPresence {
	m := &clientv1.ServerFrame_UserPresence{User: user, State: clientv1.PresenceState_OFFLINE}
	if p.Visible() {
		m.State = p.State
	}
	if p.Text != "" {
		m.Text = &p.Text
	}
	return m
}

// user is one user with at least one session.
type user struct {
	id       string
	sessions []*session
	// rooms are those of any of the sessions.
	rooms []*room
	// shown is what others see now.
	shown Presence
}

// speaking is the session that says how the user may be reached: of the live
// ones, or where none is live of those in grace, the one with the latest
// status; without a status, the best. All replicas choose the same. Nil where
// there is no session.
func (u *user) speaking() *session {
	var best *session
	for _, s := range u.sessions {
		if best == nil || s.outdoes(best) {
			best = s
		}
	}
	return best
}

func (s *session) outdoes(o *session) bool {
	if s.live() != o.live() {
		return s.live()
	}
	return cmp.Or(
		cmp.Compare(s.statusMS, o.statusMS),
		cmp.Compare(rank(s.state), rank(o.state)),
		cmp.Compare(s.text, o.text),
	) > 0
}

// rank orders states: the more one may be reached, the higher.
func rank(s clientv1.PresenceState) int {
	switch s {
	case clientv1.PresenceState_ONLINE:
		return 3
	case clientv1.PresenceState_BUSY:
		return 2
	case clientv1.PresenceState_AWAY:
		return 1
	default:
		return 0
	}
}

// shows is what others see of a user with that session: nothing, if it is
// invisible or says nothing that may be shown.
func (s *session) shows() Presence {
	if s == nil || rank(s.state) == 0 {
		return Presence{}
	}
	return Presence{State: s.state, Text: s.text}
}

// refresh makes what others see follow from the sessions.
func (f *Fold) refresh(u *user) {
	before, now := u.shown, u.speaking().shows()
	if now == before {
		return
	}
	u.shown = now
	for _, r := range u.rooms {
		r.count(before, now)
		f.touched(r.id, u.id, before)
	}
}
