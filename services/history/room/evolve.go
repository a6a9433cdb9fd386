package room

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Evolve folds the room's next event. An event that does not follow the head
// is an error, and changes nothing.
func (s *State) Evolve(e *chatv1.Event) error {
	if e.GetRoom() != s.ID || !Follows(e, s.Head) {
		return fmt.Errorf("room %q at %d: event %d of room %q does not follow", s.ID, s.Head, e.GetSeq(), e.GetRoom())
	}
	s.sent.whole = s.sent.whole || s.Head == 0
	s.Head, s.TimeMs = e.GetSeq(), e.GetTimeMs()
	s.trimmed(TrimmedBy(e))
	s.noteMessage(e)
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Created:
		s.created(e, c.Created)
	case *chatv1.Event_Message:
		s.posted(e, c.Message)
	case *chatv1.Event_Joined:
		s.enter(e.GetUser(), e.GetName(), c.Joined.GetRole(), e.GetSeq())
	case *chatv1.Event_Left:
		delete(s.Members, e.GetUser())
	case *chatv1.Event_Removed:
		s.removed(c.Removed)
	case *chatv1.Event_Unbanned:
		delete(s.Banned, c.Unbanned.GetUser())
	case *chatv1.Event_Muted:
		if c.Muted.GetUser() != Nobody {
			s.Muted[c.Muted.GetUser()] = Until(c.Muted.GetUntil())
		}
	case *chatv1.Event_Unmuted:
		delete(s.Muted, c.Unmuted.GetUser())
	case *chatv1.Event_RoleSet:
		if m := s.Members[c.RoleSet.GetUser()]; m != nil {
			m.Role = c.RoleSet.GetRole()
		}
	case *chatv1.Event_Updated:
		s.updated(c.Updated)
	case *chatv1.Event_Edited:
		if s.Last.GetSeq() == c.Edited.GetSeq() {
			s.Last = Edited(s.Last, c.Edited, e.GetTimeMs())
		}
	case *chatv1.Event_Deleted:
		if s.Last.GetSeq() == c.Deleted.GetSeq() {
			s.Last = Erased(s.Last)
		}
	case *chatv1.Event_Closed:
		s.Closed = true
	case *chatv1.Event_Erased:
		s.erased(e, c.Erased)
	case *chatv1.Event_RetentionSet:
		s.Retention = c.RetentionSet.Retention
	}
	return nil
}

// Mark raises a member's read marker, and tells whether it rose.
func (s *State) Mark(user string, seq uint32) bool {
	m := s.Members[user]
	if m == nil || min(seq, s.Head) <= m.ReadSeq {
		return false
	}
	m.ReadSeq = min(seq, s.Head)
	return true
}

func (s *State) created(e *chatv1.Event, c *chatv1.Created) {
	s.Name, s.Kind, s.Topic = c.GetName(), c.GetKind(), c.GetTopic()
	s.CreatedMs, s.CreatedBy = e.GetTimeMs(), e.GetUser()
	for _, m := range c.GetMembers() {
		s.enter(m.GetUser(), m.GetName(), m.GetRole(), e.GetSeq())
	}
}

func (s *State) enter(user, name string, role chatv1.Role, seq uint32) {
	if s.Members[user] == nil && user != Nobody {
		s.Members[user] = &Member{Name: name, Role: role, JoinedSeq: seq, ReadSeq: seq}
	}
}

func (s *State) posted(e *chatv1.Event, p *chatv1.Posted) {
	s.Last = MessageOf(e)
	if id := e.GetClientMsgId(); id != "" {
		s.sent.add(SentKey{User: e.GetUser(), ClientMsgID: id}, Sent{Seq: e.GetSeq(), TimeMs: e.GetTimeMs(), Body: BodyOf(p)})
	}
	if m := s.Members[e.GetUser()]; m != nil && e.GetName() != "" {
		m.Name = e.GetName()
	}
	if s.SlowMode > 0 && e.GetUser() != Nobody {
		s.SlowSent[e.GetUser()] = e.GetTimeMs()
	}
}

func (s *State) removed(r *chatv1.Removed) {
	delete(s.Members, r.GetUser())
	if r.GetBanned() && r.GetUser() != Nobody {
		s.Banned[r.GetUser()] = Until(r.GetUntil())
	}
}

func (s *State) updated(u *chatv1.Updated) {
	if u.Name != nil {
		s.Name = u.GetName()
	}
	if u.Topic != nil {
		s.Topic = u.GetTopic()
	}
	if u.SlowModeSeconds != nil {
		s.SlowMode = u.GetSlowModeSeconds()
	}
	if u.Archived != nil {
		s.Archived = u.GetArchived()
	}
}

// MessageOf is the message that an event posted, as it stands at that moment;
// nil if the event posted none.
func MessageOf(e *chatv1.Event) *chatv1.Message {
	p := e.GetMessage()
	if p == nil {
		return nil
	}
	m := &chatv1.Message{
		Seq: e.GetSeq(), User: e.GetUser(), Name: e.GetName(), Time: Time(e.GetTimeMs()),
		Text: p.GetText(), Data: p.GetData(), Version: 1,
		ReplyTo: p.ReplyTo, Thread: p.Thread, Mentions: p.GetMentions(),
	}
	if id := e.GetClientMsgId(); id != "" {
		m.ClientMsgId = &id
	}
	return m
}

// Edited is a message with another text; a deleted one stays as it is.
func Edited(m *chatv1.Message, by *chatv1.Edited, timeMs int64) *chatv1.Message {
	if m.GetDeleted() {
		return m
	}
	c := copyOf(m)
	c.Text, c.Mentions, c.Version, c.EditedAt = by.GetText(), by.GetMentions(), m.GetVersion()+1, Time(timeMs)
	return c
}

// Erased is a message without what it said.
func Erased(m *chatv1.Message) *chatv1.Message {
	return &chatv1.Message{
		Seq: m.GetSeq(), User: m.GetUser(), Name: m.GetName(), Time: m.GetTime(), Version: m.GetVersion(),
		Deleted: true, ReplyTo: m.ReplyTo, Thread: m.Thread, ReplyCount: m.ReplyCount, ClientMsgId: m.ClientMsgId,
	}
}

func copyOf(m *chatv1.Message) *chatv1.Message {
	return &chatv1.Message{
		Seq: m.GetSeq(), User: m.GetUser(), Name: m.GetName(), Time: m.GetTime(), Text: m.GetText(), Data: m.GetData(),
		ClientMsgId: m.ClientMsgId, EditedAt: m.GetEditedAt(), Version: m.GetVersion(), Deleted: m.GetDeleted(),
		ReplyTo: m.ReplyTo, Thread: m.Thread, ReplyCount: m.ReplyCount, Mentions: m.GetMentions(), Reactions: m.GetReactions(),
	}
}

// Until is the end of a ban or a mute, Unix ms; Forever where it has none.
func Until(t *timestamppb.Timestamp) int64 {
	if t == nil {
		return Forever
	}
	return t.AsTime().UnixMilli()
}

// Time is a moment given in Unix milliseconds; nil for 0.
func Time(ms int64) *timestamppb.Timestamp {
	if ms == 0 {
		return nil
	}
	return timestamppb.New(time.UnixMilli(ms))
}
