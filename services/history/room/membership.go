package room

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

func (d *decision) join() Decision {
	user := d.By.GetUser()
	if m := d.Members[user]; m != nil {
		return d.already(m.JoinedSeq, d.TimeMs)
	}
	if !Open(d.Kind) {
		return refused(NotFound())
	}
	if r := d.checkSpace(); r != nil {
		return refused(r)
	}
	e := d.event()
	e.Change = &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: member}}
	return decided(e)
}

func (d *decision) checkSpace() *chatv1.Refusal {
	if d.limits.Members > 0 && len(d.Members) >= d.limits.Members {
		return refuse(chatv1.ErrorCode_ROOM_FULL, "the room has %d members, and takes no more; it can be watched", len(d.Members))
	}
	return nil
}

// leave ends the actor's membership. The last owner stays until somebody else
// owns the room: nobody could look after it any more.
func (d *decision) leave() Decision {
	m := d.Members[d.By.GetUser()]
	if m == nil {
		return d.alreadyNow()
	}
	if d.Kind == chatv1.RoomKind_DIRECT {
		return refused(refuse(chatv1.ErrorCode_FORBIDDEN, "a direct room keeps its two members"))
	}
	if m.Role == chatv1.Role_OWNER && d.owners() == 1 {
		return refused(refuse(chatv1.ErrorCode_FORBIDDEN, "you are the last owner: make somebody else an owner first, or delete the room"))
	}
	e := d.event()
	e.Change = &chatv1.Event_Left{Left: &chatv1.Left{}}
	return decided(e)
}

func (s *State) owners() int {
	n := 0
	for _, m := range s.Members {
		if m.Role == chatv1.Role_OWNER {
			n++
		}
	}
	return n
}

// invite makes another user a member. The event is the new member's, as if
// they had joined, and names who let them in.
func (d *decision) invite(c *chatv1.Invite) Decision {
	if r := CheckUser("user", c.GetUser()); r != nil {
		return refused(r)
	}
	if c.GetUser() == d.By.GetUser() && !d.By.GetAdmin() {
		return d.join()
	}
	if r := d.check(invite); r != nil {
		return refused(r)
	}
	if m := d.Members[c.GetUser()]; m != nil {
		return d.already(m.JoinedSeq, d.TimeMs)
	}
	if d.banned(c.GetUser(), d.now) {
		return refused(withField(refuse(chatv1.ErrorCode_FORBIDDEN, "they are banned from this room; unban them first"), "user"))
	}
	if r := d.checkSpace(); r != nil {
		return refused(r)
	}
	e := d.event()
	by := d.By.GetUser()
	e.User, e.Name = c.GetUser(), c.GetUser()
	e.Change = &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: member, By: &by}}
	return decided(e)
}

// setRole gives a member another role. An owner may step down, but not the
// last one.
func (d *decision) setRole(c *chatv1.SetRole) Decision {
	if r := CheckUser("user", c.GetUser()); r != nil {
		return refused(r)
	}
	switch c.GetRole() {
	case chatv1.Role_OWNER, chatv1.Role_MODERATOR, chatv1.Role_MEMBER, chatv1.Role_READER:
	default:
		return refused(badField("role", "role is OWNER, MODERATOR, MEMBER or READER"))
	}
	if r := d.check(setRole); r != nil {
		return refused(r)
	}
	m := d.Members[c.GetUser()]
	switch {
	case m == nil:
		return refused(withField(refuse(chatv1.ErrorCode_NOT_FOUND, "there is no such member in this room"), "user"))
	case m.Role == c.GetRole():
		return d.alreadyNow()
	case m.Role == chatv1.Role_OWNER && d.owners() == 1 && !d.By.GetAdmin():
		return refused(refuse(chatv1.ErrorCode_FORBIDDEN, "a room keeps an owner: make somebody else an owner first"))
	}
	e := d.event()
	e.Change = &chatv1.Event_RoleSet{RoleSet: &chatv1.RoleSet{User: c.GetUser(), Role: c.GetRole()}}
	return decided(e)
}
