package room

import (
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Open tells whether anyone may see a room of this kind.
func Open(kind chatv1.RoomKind) bool {
	return kind == chatv1.RoomKind_PUBLIC || kind == chatv1.RoomKind_BROADCAST
}

// CheckRead refuses a user who may not see the room or read in it at a time
// (Unix ms): members may, and where the room is open, everybody who is not
// banned. Of a room that is not open, who is no member learns nothing.
func (s *State) CheckRead(user string, nowMs int64) *chatv1.Refusal {
	switch {
	case s.Head == 0, !Open(s.Kind) && s.Members[user] == nil:
		return NotFound()
	case s.Closed:
		return refuse(chatv1.ErrorCode_GONE, "the room was deleted")
	case s.banned(user, nowMs):
		return s.refuseBanned(user)
	}
	return nil
}

func (s *State) banned(user string, nowMs int64) bool { return s.Banned[user] > nowMs }

func (s *State) refuseBanned(user string) *chatv1.Refusal {
	return refuse(chatv1.ErrorCode_FORBIDDEN, "you are banned from this room%s", ending(s.Banned[user]))
}

// ending says until when, in words for a person.
func ending(untilMs int64) string {
	if untilMs == Forever {
		return ""
	}
	return " until " + time.UnixMilli(untilMs).UTC().Format(time.RFC3339)
}

// role is what the actor is in the room; an admin of the server is an owner
// everywhere but in direct rooms, which nobody looks after.
func (d *decision) role() chatv1.Role {
	if d.By.GetAdmin() && d.Kind != chatv1.RoomKind_DIRECT {
		return chatv1.Role_OWNER
	}
	if m := d.Members[d.By.GetUser()]; m != nil {
		return m.Role
	}
	return chatv1.Role_ROLE_UNSPECIFIED
}

// check refuses an actor who may not do something here.
func (d *decision) check(a action) *chatv1.Refusal {
	if may(d.Kind, d.role(), a) {
		return nil
	}
	least := permissions[d.Kind][a]
	switch {
	case d.role() == chatv1.Role_ROLE_UNSPECIFIED && !d.By.GetAdmin():
		return refuse(chatv1.ErrorCode_FORBIDDEN, "join the room first")
	case least == chatv1.Role_ROLE_UNSPECIFIED || d.By.GetAdmin():
		return refuse(chatv1.ErrorCode_FORBIDDEN, "that is not done in a direct room")
	}
	return refuse(chatv1.ErrorCode_FORBIDDEN, "in this room one has to be %s for that", article(least))
}

func article(role chatv1.Role) string {
	switch role {
	case chatv1.Role_OWNER:
		return "an owner"
	case chatv1.Role_MODERATOR:
		return "a moderator"
	}
	return "a member who may write"
}

// checkWrite refuses an actor who may not change what is said here now.
func (d *decision) checkWrite(a action) *chatv1.Refusal {
	if r := d.check(a); r != nil {
		return r
	}
	user := d.By.GetUser()
	switch {
	case d.Archived:
		return refuse(chatv1.ErrorCode_FORBIDDEN, "the room is archived: it can be read, not written")
	case d.Muted[user] > d.now && !d.By.GetAdmin():
		return refuse(chatv1.ErrorCode_FORBIDDEN, "you are muted in this room%s", ending(d.Muted[user]))
	}
	return nil
}

// checkTarget refuses an actor who is not above the user they act on: owners
// are above all others, moderators above members and readers.
func (d *decision) checkTarget(user string) *chatv1.Refusal {
	if r := CheckUser("user", user); r != nil {
		return r
	}
	if user == d.By.GetUser() {
		return badField("user", "that is not done to oneself")
	}
	m := d.Members[user]
	if m != nil && m.Role == chatv1.Role_OWNER && d.owners() == 1 && !d.By.GetAdmin() {
		return refuse(chatv1.ErrorCode_FORBIDDEN, "a room keeps an owner: make somebody else an owner first")
	}
	if m == nil || d.role() == chatv1.Role_OWNER || atLeast(d.role(), moderator) && !atLeast(m.Role, moderator) {
		return nil
	}
	return refuse(chatv1.ErrorCode_FORBIDDEN, "a moderator does not act on an owner or another moderator")
}
