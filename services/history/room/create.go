package room

import (
	"slices"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// create makes the room. An id that is taken is a conflict; the same request
// by the same creator is so already.
func (d *decision) create(c *chatv1.CreateRoom) Decision {
	if r := d.checkCreate(c); r != nil {
		return refused(r)
	}
	if d.Head > 0 {
		if d.Exists() && d.sameRoom(c) {
			return d.already(1, d.CreatedMs)
		}
		return refused(withField(refuse(chatv1.ErrorCode_CONFLICT, "this room id is taken; choose another"), "room"))
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
	return decided(e)
}

// openDirect makes the direct room of the actor and another user, or finds it.
// Either of them may be the one who asks first.
func (d *decision) openDirect(c *chatv1.OpenDirect) Decision {
	if r := CheckUser("user", c.GetUser()); r != nil {
		return refused(r)
	}
	switch {
	case c.GetUser() == d.By.GetUser():
		return refused(badField("user", "a direct room is with somebody else"))
	case d.State.ID != subject.DirectRoom(d.By.GetUser(), c.GetUser()):
		return refused(badField("room", "this is not the id of the direct room of these two users"))
	case d.Head > 0:
		return d.already(1, d.CreatedMs)
	}
	e := d.event()
	e.Change = &chatv1.Event_Created{Created: &chatv1.Created{Kind: chatv1.RoomKind_DIRECT, Members: []*chatv1.Member{
		first(e, d.By.GetUser(), d.By.GetName(), chatv1.Role_MEMBER), first(e, c.GetUser(), c.GetUser(), chatv1.Role_MEMBER),
	}}}
	return decided(e)
}

// first is a member from the room's beginning.
func first(e *chatv1.Event, user, name string, role chatv1.Role) *chatv1.Member {
	return &chatv1.Member{User: user, Name: name, Role: role, JoinedSeq: e.GetSeq(), ReadSeq: e.GetSeq()}
}

func (d *decision) checkCreate(c *chatv1.CreateRoom) *chatv1.Refusal {
	if r := CheckRoom(d.State.ID); r != nil {
		return r
	}
	if subject.IsDirectRoom(d.State.ID) {
		return badField("room", "ids of this form are kept for direct rooms; choose another")
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
		return withField(refuse(chatv1.ErrorCode_TOO_LARGE, "at most %d members may be named; invite the others afterwards", d.limits.Invited), "members")
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
