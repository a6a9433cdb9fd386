package gateway

import (
	"slices"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// status is what a user said of their presence, for all devices. The zero
// value: nothing.
type status struct {
	state   clientv1.PresenceState
	text    string
	ms      int64 // when, Unix ms; of several the latest holds
	untilMS int64 // when the text goes, Unix ms; 0: never
}

// deviceStatus is a status as it shows on one device.
type deviceStatus struct {
	status
	shown clientv1.PresenceState
}

// of is the status of a device that is in a state of its own: that shows where
// the user said nothing, or ONLINE.
func (s status) of(own clientv1.PresenceState) deviceStatus {
	if s.state == clientv1.PresenceState_PRESENCE_STATE_UNSPECIFIED || s.state == clientv1.PresenceState_ONLINE {
		return deviceStatus{status: s, shown: own}
	}
	return deviceStatus{status: s, shown: s.state}
}

// frame tells the user's own sessions.
func (s status) frame(user string) *clientv1.ServerFrame {
	return presenceFrame("", []*userPresence{{User: user, State: s.state, Text: present(s.text)}}, 0)
}

// textLook is how long a session waits at most before it looks again whether
// its user's text has ended: one that has gone must not be kept for as long.
const textLook = time.Minute

// setStatus takes what a user says of themselves, or a device of itself.
func (s *session) setStatus(re uint32, r *clientv1.ClientFrame_Status) {
	defer s.traced("status", "").End()
	t := s.gateway.users
	if r.GetDevice() {
		t.setOwn(s, r.GetState())
		s.ok(re)
		return
	}
	said := status{state: r.GetState(), text: r.GetText()}
	if r.Until != nil {
		said.untilMS = r.GetUntil().AsTime().UnixMilli()
	}
	said = t.say(s, said)
	s.gateway.reporter.tell() // presence knows before the user is told that it is so
	s.gateway.tellStatus(s.user.id, said)
	for _, other := range t.sessions(s.user.id) {
		if other != s {
			other.say(said.frame(s.user.id))
		}
	}
	s.ok(re)
}

// tellStatus tells the gateways with other sessions of the user.
func (g *Gateway) tellStatus(user string, s status) {
	g.publish(subject.Notices(user), &chatv1.Notice{User: user, Notice: &chatv1.Notice_Status{Status: &chatv1.NoticeStatus{
		State: uint32(s.state), Text: s.text, StatusMs: s.ms, TextUntilMs: s.untilMS,
	}}})
}

// onStatus takes what a user said elsewhere.
func (g *Gateway) onStatus(user string, n *chatv1.NoticeStatus) {
	said := status{
		state: clientv1.PresenceState(n.GetState()), text: n.GetText(), ms: n.GetStatusMs(), untilMS: n.GetTextUntilMs(),
	}
	if !g.users.hear(user, said) {
		return
	}
	for _, s := range g.users.sessions(user) {
		if s.greeted() {
			s.say(said.frame(user))
		}
	}
}

// begin begins a session's presence: as its hello says, or as the user said
// last, or ONLINE. What it returns is news to others if fresh.
func (t *users) begin(u *user, s *session, hello *clientv1.PresenceState, ask *statusAsk) (said status, fresh bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ask != nil && ask.answered {
		t.adopt(u, ask.status)
	}
	s.own = clientv1.PresenceState_ONLINE
	switch {
	case hello == nil:
	case *hello == clientv1.PresenceState_INVISIBLE:
		fresh = u.said.state != clientv1.PresenceState_INVISIBLE || !u.known
		if fresh {
			t.adopt(u, status{state: *hello, text: u.said.text, ms: u.next(), untilMS: u.said.untilMS})
		}
	default:
		s.own = *hello
	}
	t.gateway.reporter.began(s, u.said.of(s.own))
	t.look(s, u)
	return u.said, fresh
}

// say keeps what a user says now, on all their sessions.
func (t *users) say(s *session, said status) status {
	t.mu.Lock()
	defer t.mu.Unlock()
	if said.state == clientv1.PresenceState_ONLINE {
		s.own = said.state
	}
	said.ms = s.user.next()
	t.adopt(s.user, said)
	return said
}

// next is the time of what the user says now: later than all that they said.
func (u *user) next() int64 { return max(time.Now().UnixMilli(), u.said.ms+1) }

// hear keeps what a user said elsewhere, and tells whether it is news.
func (t *users) hear(id string, said status) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.byID[id]
	if u == nil || said.ms <= u.said.ms {
		return false
	}
	known := u.known
	t.adopt(u, said)
	u.known = known // another may have said something later still
	return true
}

// setOwn keeps what a device says of itself.
func (t *users) setOwn(s *session, own clientv1.PresenceState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.own != own {
		s.own = own
		t.gateway.reporter.changed(s, s.user.said.of(own))
	}
}

// adopt makes the latest status hold on all the user's sessions. The table is
// locked.
func (t *users) adopt(u *user, said status) {
	u.known = true
	if said.ms <= u.said.ms {
		return
	}
	u.said = said
	for _, s := range u.sessions {
		t.gateway.reporter.changed(s, said.of(s.own))
		t.look(s, u)
	}
}

// look has a session look when the text has ended. The table is locked.
func (t *users) look(s *session, u *user) {
	if u.said.untilMS == 0 || s.looking {
		return
	}
	s.looking = true
	t.gateway.wheel.book(s, errandText, min(time.Until(time.UnixMilli(u.said.untilMS)), textLook))
}

// endText takes the text away if its time is over, and tells the user so.
func (s *session) endText() {
	t := s.gateway.users
	said, sessions := t.endText(s)
	for _, other := range sessions {
		other.say(said.frame(s.user.id))
	}
}

func (t *users) endText(s *session) (said status, told []*session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := s.user
	s.looking = false
	if u.said.untilMS != 0 && u.said.untilMS <= time.Now().UnixMilli() {
		u.said.text, u.said.untilMS = "", 0
		for _, other := range u.sessions {
			t.gateway.reporter.changed(other, u.said.of(other.own))
		}
		return u.said, slices.Clone(u.sessions)
	}
	t.look(s, u)
	return u.said, nil
}

// hidden tells whether nothing may tell others that the user is here: they are
// invisible, or it is not known yet that they are not.
func (t *users) hidden(s *session) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !s.user.known || s.user.said.state == clientv1.PresenceState_INVISIBLE
}
