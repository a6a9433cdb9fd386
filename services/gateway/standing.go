package gateway

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/internal/plant"
)

// turns tells whether an event changes who is in the room, or what somebody may
// do there.
func turns(e *chatv1.Event) bool {
	switch e.GetChange().(type) {
	case *chatv1.Event_Joined, *chatv1.Event_Left, *chatv1.Event_Removed, *chatv1.Event_RoleSet, *chatv1.Event_Closed,
		*chatv1.Event_Muted, *chatv1.Event_Unmuted, *chatv1.Event_Updated:
		return true
	case *chatv1.Event_Erased:
		return e.GetErased().GetUser() != ""
	}
	return false
}

// concerns tells whether such an event is about a user.
func concerns(e *chatv1.Event, user string) bool {
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Joined, *chatv1.Event_Left:
		return e.GetUser() == user
	case *chatv1.Event_Removed:
		return c.Removed.GetUser() == user
	case *chatv1.Event_RoleSet:
		return c.RoleSet.GetUser() == user
	case *chatv1.Event_Muted:
		return c.Muted.GetUser() == user
	case *chatv1.Event_Unmuted:
		return c.Unmuted.GetUser() == user
	case *chatv1.Event_Erased:
		return c.Erased.GetUser() == user
	case *chatv1.Event_Updated:
		return false
	}
	return true
}

// exits tells whether an event ends the membership of the user it is about.
func exits(e *chatv1.Event) bool {
	switch e.GetChange().(type) {
	case *chatv1.Event_Left, *chatv1.Event_Removed:
		return true
	}
	return false
}

// turnedBy tells whether an event that the session is given changes what it is
// in the room. What is older than the view of its standing is known, with one
// exception: who was found to be no member any more is shown how that came,
// and nothing of what followed.
func (s *seat) turnedBy(e *chatv1.Event) bool {
	return turns(e) && concerns(e, s.session.user.id) && (s.viewed < e.GetSeq() || !s.member() && exits(e))
}

// turn changes who is in the room, after everybody has seen the event. A
// paused seat learns of it from what is replayed to it.
func (f *feed) turn(e *chatv1.Event, d *dirty) {
	if !turns(e) {
		return
	}
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Joined:
		f.countMembers(f.members + 1)
	case *chatv1.Event_Left, *chatv1.Event_Removed:
		f.countMembers(f.members - 1)
	case *chatv1.Event_Updated:
		if c.Updated.Archived != nil {
			f.archived = c.Updated.GetArchived()
		}
		return
	}
	for i := len(f.seats) - 1; i >= 0; i-- { // from the end, since the seat may be taken away
		s := f.seats[i]
		if s.from < e.GetSeq() && s.turnedBy(e) {
			f.turnFor(s, e, d)
		}
	}
}

// turnFor changes what one session is in the room, by an event about its user.
func (f *feed) turnFor(s *seat, e *chatv1.Event, d *dirty) {
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Joined:
		f.setRole(s, c.Joined.GetRole())
	case *chatv1.Event_RoleSet:
		f.setRole(s, c.RoleSet.GetRole())
	case *chatv1.Event_Muted:
		s.muted = mutedUntil(c.Muted)
	case *chatv1.Event_Unmuted:
		s.muted = 0
	case *chatv1.Event_Left:
		f.expel(s, "left", d)
	case *chatv1.Event_Removed:
		if plant.In(plant.RemovedIgnored) {
			return
		}
		f.expel(s, "removed", d)
	case *chatv1.Event_Closed:
		f.expel(s, "deleted", d)
	case *chatv1.Event_Erased:
		f.expel(s, "erased", d)
	}
}

// expel ends a session's stay: it gets a last word, and nothing after.
func (f *feed) expel(s *seat, reason string, d *dirty) {
	session := s.session
	f.leave(s)
	d.put(session.out(), session.encode(&clientv1.ServerFrame{Body: &clientv1.ServerFrame_Gone_{
		Gone: &clientv1.ServerFrame_Gone{Room: f.room, Reason: reason},
	}}), durable)
}

// leave takes a seat away.
func (f *feed) leave(s *seat) {
	if s.index < 0 {
		return
	}
	f.setRole(s, chatv1.Role_ROLE_UNSPECIFIED)
	last := len(f.seats) - 1
	f.seats[s.index] = f.seats[last]
	f.seats[s.index].index = s.index
	f.seats[last] = nil
	f.seats = f.seats[:last]
	s.index = -1
	s.session.stand(s)
}

// setRole changes what a session may do and see in the room.
func (f *feed) setRole(s *seat, role chatv1.Role) {
	was := s.member()
	s.role = role
	switch is := s.member(); {
	case is && !was:
		f.followMembers()
		if f.fold.members++; f.fold.members == 1 {
			f.fold.doubt()
			f.askWhole()
		}
		s.behind, s.blank = true, true // who is here follows
		f.gateway.reporter.entered(s.session, f.room)
	case was && !is:
		f.fold.members--
		f.gateway.reporter.left(s.session, f.room)
	}
}
