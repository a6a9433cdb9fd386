package fold

import (
	"cmp"
	"slices"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
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

// speaking is the session that says how the user may be reached: the one with
// the latest status, which holds for all of them, also for one whose gateway
// has not heard of it yet, and outlives its own by the grace; then a live one
// before one in grace; then the best. All replicas choose the same. Nil where
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
	if s.statusMS != o.statusMS {
		return s.statusMS > o.statusMS
	}
	if s.live() != o.live() {
		return s.live()
	}
	return cmp.Or(
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
	speaking := u.speaking()
	if speaking != nil && f.behind(u, speaking) {
		f.late[u.id] = true
	}
	before, now := u.shown, speaking.shows()
	if now == before {
		return
	}
	u.shown = now
	if !now.Visible() {
		f.gone(u.id)
	}
	for _, r := range u.rooms {
		r.count(before, now)
		f.touched(r.id, u.id, before)
	}
}

// behind says whether a live session does not have the latest status.
func (f *Fold) behind(u *user, speaking *session) bool {
	for _, s := range u.sessions {
		if s.live() && s.statusMS < speaking.statusMS {
			return true
		}
	}
	return false
}

// Late are the users some of whose gateways do not know what they said last.
func (f *Fold) Late() []string {
	var ids []string
	for id := range f.late {
		if u := f.users[id]; u != nil && f.behind(u, u.speaking()) {
			ids = append(ids, id)
		} else {
			delete(f.late, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Status is what the user said of themselves last, as far as any of their
// sessions tells.
func (f *Fold) Status(userID string) *presencev1.UserStatus {
	m := &presencev1.UserStatus{User: userID}
	if u := f.users[userID]; u != nil {
		if s := u.speaking(); s.statusMS != 0 {
			m.State, m.Text, m.StatusMs, m.TextUntilMs = s.said, s.text, s.statusMS, s.untilMS
		}
	}
	return m
}
