package room

import (
	"slices"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// create makes the room. An id that is taken is a conflict; the same request
// by the same creator is so already.
func (d *decision) create(c *chatv1.CreateRoom) Decision {
	if r := d.checkCreate(c); r != nil {
		return d.refuse(r)
	}
	if d.Head > 0 {
		if d.Exists() && d.sameRoom(c) {
			return d.already(1, d.CreatedMs)
		}
		field := "room"
		r := refuse(chatv1.ErrorCode_CONFLICT, "this room id is taken; choose another")
		r.Field = &field
		return d.refuse(r)
	}
	e := d.event()
	created := &chatv1.Created{Name: c.GetName(), Kind: c.GetKind(), Topic: c.GetTopic()}
	if !d.By.GetAdmin() {
		created.Members = append(created.Members, first(e, d.By.GetUser(), d.By.GetName(), chatv1.Role_OWNER))
	}
	for _, user := range invited(d.By.GetUser(), c.GetMembers()) {
		created.Members = append(created.Members, first(e, user, user, chatv1.Role_MEMBER))
	}
	e.Change = &chatv1.Event_Created{Created: created}
	return d.decided(e)
}

// first is a member from the room's beginning.
func first(e *chatv1.Event, user, name string, role chatv1.Role) *chatv1.Member {
	return &chatv1.Member{User: user, Name: name, Role: role, JoinedSeq: e.GetSeq(), ReadSeq: e.GetSeq()}
}

func (d *decision) checkCreate(c *chatv1.CreateRoom) *chatv1.Refusal {
	if r := CheckRoom(d.State.ID); r != nil {
		return r
	}
	if r := checkName(c.GetName()); r != nil {
		return r
	}
	if r := checkTopic(c.GetTopic()); r != nil {
		return r
	}
	switch c.GetKind() {
	case chatv1.RoomKind_PUBLIC, chatv1.RoomKind_PRIVATE, chatv1.RoomKind_BROADCAST:
	default:
		return badField("kind", "kind is PUBLIC, PRIVATE or BROADCAST")
	}
	if len(c.GetMembers()) > d.limits.Invited {
		field := "members"
		r := refuse(chatv1.ErrorCode_TOO_LARGE, "at most %d members may be named; invite the others afterwards", d.limits.Invited)
		r.Field = &field
		return r
	}
	for _, user := range c.GetMembers() {
		if r := CheckUser("members", user); r != nil {
			return r
		}
	}
	return nil
}

// sameRoom tells whether the room is what the request asks for, made by the
// actor.
func (d *decision) sameRoom(c *chatv1.CreateRoom) bool {
	return d.CreatedBy == d.By.GetUser() && d.Name == c.GetName() && d.Kind == c.GetKind() && d.Topic == c.GetTopic()
}

// invited are the users named, each once and without the creator.
func invited(creator string, users []string) []string {
	list := slices.DeleteFunc(slices.Clone(users), func(user string) bool { return user == creator })
	slices.Sort(list)
	return slices.Compact(list)
}

func (d *decision) join() Decision {
	user := d.By.GetUser()
	if m := d.Members[user]; m != nil {
		return d.already(m.JoinedSeq, d.TimeMs)
	}
	if !Open(d.Kind) {
		return d.refuse(NotFound())
	}
	if d.limits.Members > 0 && len(d.Members) >= d.limits.Members {
		return d.refuse(refuse(chatv1.ErrorCode_ROOM_FULL, "the room has %d members, and takes no more; you can watch it", len(d.Members)))
	}
	role := chatv1.Role_MEMBER
	if d.Kind == chatv1.RoomKind_BROADCAST {
		role = chatv1.Role_READER
	}
	e := d.event()
	e.Change = &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: role}}
	return d.decided(e)
}

// leave ends the actor's membership. The last owner stays until somebody else
// owns the room: nobody could look after it any more.
func (d *decision) leave() Decision {
	m := d.Members[d.By.GetUser()]
	if m == nil {
		return d.already(d.Head, d.TimeMs)
	}
	if d.Kind == chatv1.RoomKind_DIRECT {
		return d.refuse(refuse(chatv1.ErrorCode_FORBIDDEN, "a direct room keeps its two members"))
	}
	if m.Role == chatv1.Role_OWNER && d.owners() == 1 {
		return d.refuse(refuse(chatv1.ErrorCode_FORBIDDEN, "you are the last owner: make somebody else an owner first, or delete the room"))
	}
	e := d.event()
	e.Change = &chatv1.Event_Left{Left: &chatv1.Left{}}
	return d.decided(e)
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
