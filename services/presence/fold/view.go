package fold

import (
	"iter"
	"slices"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// Rooms are the rooms with any session in them, in no order.
func (f *Fold) Rooms() iter.Seq[string] {
	return func(yield func(string) bool) {
		for id := range f.rooms {
			if !yield(id) {
				return
			}
		}
	}
}

// Has says whether any session is in the room.
func (f *Fold) Has(roomID string) bool { return f.rooms[roomID] != nil }

// Online counts the users in the room whom others see.
func (f *Fold) Online(roomID string) int {
	if r := f.rooms[roomID]; r != nil {
		return r.online
	}
	return 0
}

// Here yields the users in the room whom others see, in no order.
func (f *Fold) Here(roomID string) iter.Seq2[string, Presence] {
	return func(yield func(string, Presence) bool) {
		r := f.rooms[roomID]
		if r == nil {
			return
		}
		for u := range r.users {
			if u.shown.Visible() && !yield(u.id, u.shown) {
				return
			}
		}
	}
}

// In is what others see of the user in the room: offline, if the user is not
// in it.
func (f *Fold) In(roomID, userID string) Presence {
	if !f.Member(roomID, userID) {
		return Presence{}
	}
	return f.users[userID].shown
}

// Member says whether a session of the user is in the room.
func (f *Fold) Member(roomID, userID string) bool {
	r, u := f.rooms[roomID], f.users[userID]
	return r != nil && u != nil && r.users[u] > 0
}

// User is what others see of the user.
func (f *Fold) User(userID string) Presence {
	if u := f.users[userID]; u != nil {
		return u.shown
	}
	return Presence{}
}

// Own is what the user sees of themselves: INVISIBLE, too.
func (f *Fold) Own(userID string) Presence {
	u := f.users[userID]
	if u == nil {
		return Presence{}
	}
	s := u.speaking()
	if s.state == clientv1.PresenceState_INVISIBLE {
		return Presence{State: s.state, Text: s.text}
	}
	return s.shows()
}

// Share says whether two users are in the same room.
func (f *Fold) Share(a, b string) bool {
	ua, ub := f.users[a], f.users[b]
	return ua != nil && ub != nil && slices.ContainsFunc(ua.rooms, func(r *room) bool { return r.users[ub] > 0 })
}
