package room

import (
	"slices"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Nobody stands where a user stood who was erased. It is no member of a room,
// and nobody's token names it.
const Nobody = "erased:user"

// MaxErased is how many seqs one event takes away at most.
const MaxErased = 1000

// erase takes away what messages and events said, also in a room that is
// closed. Only an admin does.
func (d *decision) erase(c *chatv1.Erase) Decision {
	switch {
	case !d.By.GetAdmin():
		return refused(refuse(chatv1.ErrorCode_FORBIDDEN, "only admins take messages away for good"))
	case d.Head == 0:
		return refused(NotFound())
	case len(c.GetSeqs()) > MaxErased:
		return refused(withField(refuse(chatv1.ErrorCode_TOO_LARGE, "at most %d seqs are taken away at once", MaxErased), "seqs"))
	case slices.ContainsFunc(c.GetSeqs(), func(seq uint32) bool { return seq == 0 || seq > d.Head }):
		return refused(badField("seqs", "seqs are those of the room's events, 1 to its head"))
	case len(c.GetSeqs()) == 0 && d.Members[c.GetUser()] == nil:
		return d.alreadyNow()
	}
	if c.GetUser() != "" {
		if r := CheckUser("user", c.GetUser()); r != nil {
			return refused(r)
		}
	}
	e := d.event()
	e.Change = &chatv1.Event_Erased{Erased: &chatv1.Erased{User: c.GetUser(), Seqs: c.GetSeqs()}}
	return decided(e)
}

// Kept is an event as the store keeps it: of an erasure, not whose it was, and
// not what was skipped before it, which the seqs tell.
func Kept(e *chatv1.Event) *chatv1.Event {
	erased := e.GetErased().GetUser() != "" && e.GetErased().GetUser() != Nobody
	if !erased && e.GetSkipped() == 0 {
		return e
	}
	kept := proto.CloneOf(e)
	kept.Skipped = 0
	if erased {
		kept.GetErased().User = Nobody
	}
	return kept
}

// Purged is a message after an erasure of a user's traces, or of its own (no
// user). What others said of the user stays: it is theirs.
func Purged(m *chatv1.Message, user string) *chatv1.Message {
	if user != "" && m.GetUser() != user {
		return m
	}
	c := Erased(m)
	c.ClientMsgId = nil
	if user != "" {
		c.User, c.Name = Nobody, ""
	}
	return c
}

// Purges tells whether an erasure takes a message's text away, by its author.
func Purges(c *chatv1.Erased, author string) bool {
	return c.GetUser() == "" || c.GetUser() == author
}

// Scrubbed is an event after an erasure of a user's traces, or of the message
// that it is about (no user). It never changes the event it is given.
func Scrubbed(e *chatv1.Event, user string) *chatv1.Event {
	s := proto.CloneOf(e)
	own := user == "" || e.GetUser() == user
	if user != "" && own {
		s.User, s.Name, s.CommandId = Nobody, "", ""
	}
	switch c := s.GetChange().(type) {
	case *chatv1.Event_Message:
		if own {
			s.ClientMsgId = ""
			s = Unsaid(s)
		}
	case *chatv1.Event_Edited:
		if own {
			s = Unsaid(s)
		}
	case *chatv1.Event_Reacted:
		if own {
			c.Reacted.Emoji = ""
		}
	case *chatv1.Event_Created:
		c.Created.Members = slices.DeleteFunc(c.Created.GetMembers(), func(m *chatv1.Member) bool { return m.GetUser() == user })
	case *chatv1.Event_Joined:
		if user != "" && c.Joined.GetBy() == user {
			c.Joined.By = nil
		}
	case *chatv1.Event_Removed:
		if is(c.Removed.GetUser(), user) {
			c.Removed.User, c.Removed.Reason = Nobody, nil
		}
	case *chatv1.Event_Unbanned:
		c.Unbanned.User = instead(c.Unbanned.GetUser(), user)
	case *chatv1.Event_Muted:
		c.Muted.User = instead(c.Muted.GetUser(), user)
	case *chatv1.Event_Unmuted:
		c.Unmuted.User = instead(c.Unmuted.GetUser(), user)
	case *chatv1.Event_RoleSet:
		c.RoleSet.User = instead(c.RoleSet.GetUser(), user)
	}
	return s
}

// Tells tells whether an event says something of a user.
func Tells(e *chatv1.Event, user string) bool { return !proto.Equal(e, Scrubbed(e, user)) }

func is(user, erased string) bool { return erased != "" && user == erased }

func instead(user, erased string) string {
	if is(user, erased) {
		return Nobody
	}
	return user
}

// erased folds an erasure into what the state knows.
func (s *State) erased(e *chatv1.Event, c *chatv1.Erased) {
	gone := make(map[uint32]bool, len(c.GetSeqs()))
	for _, seq := range c.GetSeqs() {
		gone[seq] = true
	}
	if gone[s.Last.GetSeq()] {
		s.Last = Purged(s.Last, c.GetUser())
	}
	for seq, m := range s.messages.bySeq {
		if m != nil && gone[seq] {
			m.erase(e, c)
		}
		if m != nil && c.GetUser() != "" {
			m.forgetReactions(c.GetUser())
		}
	}
	for key, sent := range s.sent.byKey {
		if gone[sent.Seq] && Purges(c, key.User) {
			delete(s.sent.byKey, key)
		}
	}
	if user := c.GetUser(); user != "" {
		delete(s.Members, user)
		delete(s.Banned, user)
		delete(s.Muted, user)
		delete(s.SlowSent, user)
		s.CreatedBy = instead(s.CreatedBy, user)
	}
}

// erase folds an erasure that names the message.
func (m *Message) erase(e *chatv1.Event, c *chatv1.Erased) {
	if !Purges(c, m.User) {
		return
	}
	if m.Deleted == 0 {
		m.Deleted = e.GetSeq()
	}
	m.Reactions = nil
	if c.GetUser() != "" {
		m.User = Nobody
	}
}

func (m *Message) forgetReactions(user string) {
	for emoji, users := range m.Reactions {
		if delete(users, user); len(users) == 0 {
			delete(m.Reactions, emoji)
		}
	}
}

// Unsaid is an event of a message that is deleted: without what it said.
func Unsaid(e *chatv1.Event) *chatv1.Event {
	u := proto.CloneOf(e)
	if p := u.GetMessage(); p != nil {
		p.Text, p.Data, p.Mentions = "", nil, nil
	}
	if c := u.GetEdited(); c != nil {
		c.Text, c.Mentions = "", nil
	}
	return u
}
