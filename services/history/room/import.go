package room

import (
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// imported takes an event of a room's past as it was. One with a seq that the
// room has is there already; one without is looked for by what it says.
func (d *decision) imported(e *chatv1.Event) Decision {
	if !d.By.GetAdmin() {
		return refused(refuse(chatv1.ErrorCode_FORBIDDEN, "only admins import; use the admin token"))
	}
	if r := d.checkOrigin(e); r != nil {
		return refused(r)
	}
	if e.GetSeq() > 0 && e.GetSeq() <= d.Head {
		return d.already(e.GetSeq(), d.TimeMs)
	}
	if seq := d.present(e); seq > 0 {
		return d.already(seq, d.TimeMs)
	}
	if r := d.checkPast(e); r != nil {
		return refused(r)
	}
	next := proto.CloneOf(e)
	next.Room, next.Seq, next.CommandId = d.State.ID, d.Head+1+e.GetSkipped(), ""
	if c := next.GetCreated(); c != nil {
		for _, m := range c.GetMembers() {
			m.JoinedSeq, m.ReadSeq = 1, 1
		}
	}
	if p := next.GetMessage(); p != nil && e.GetSeq() == 0 {
		p.Mentions = d.mentions(p.GetText())
	}
	return decided(next)
}

// checkOrigin refuses the past of another room than the one that is there.
func (d *decision) checkOrigin(e *chatv1.Event) *chatv1.Refusal {
	switch c := e.GetCreated(); {
	case e.GetRoom() != "" && e.GetRoom() != d.State.ID:
		return badField("room", "the event is of another room")
	case c == nil || d.Head == 0:
		return nil
	case e.GetSeq() > 1 || d.CreatedBy != e.GetUser() || d.CreatedMs != e.GetTimeMs() || d.Kind != c.GetKind():
		return withField(refuse(chatv1.ErrorCode_CONFLICT, "there is another room with this id; import into an empty deployment, or give the room another id"), "room")
	}
	return nil
}

// present is the seq of an event without one that the room has already; 0: it
// has none.
func (d *decision) present(e *chatv1.Event) uint32 {
	if e.GetSeq() > 0 {
		return 0
	}
	switch {
	case e.GetCreated() != nil && d.Head > 0:
		return 1
	case e.GetJoined() != nil && d.Members[e.GetUser()] != nil:
		return d.Members[e.GetUser()].JoinedSeq
	case e.GetMessage() != nil:
		sent, _ := d.known(SentKey{User: e.GetUser(), ClientMsgID: e.GetClientMsgId()})
		return sent.Seq
	}
	return 0
}

// checkPast refuses what cannot be the room's next event.
func (d *decision) checkPast(e *chatv1.Event) *chatv1.Refusal {
	switch {
	case e.GetSkipped() > 0 && (d.Head == 0 || e.GetCreated() != nil || !Follows(e, d.Head)):
		return badField("skipped", "an event says how many seqs lie between the room's last event, here %d, and its own; only those of messages are left out", d.Head)
	case e.GetSeq() > d.Head+1+e.GetSkipped():
		return badField("seq", "the room's last event here is %d, so %d is missing before this one", d.Head, d.Head+1)
	case d.Head == 0 && e.GetCreated() == nil:
		return withField(NotFound(), "room")
	case d.Head > 0 && e.GetCreated() != nil:
		return badField("created", "a room is created once, by its first event")
	case e.GetTimeMs() <= 0:
		return badField("time", "an event has the time at which it happened")
	case e.GetTimeMs() < d.TimeMs:
		return badField("time", "a room's events are in the order of their times, and the one before is of %s", Time(d.TimeMs).AsTime().Format("2006-01-02T15:04:05.000Z07:00"))
	case e.GetTimeMs() > d.now:
		return badField("time", "the time is in the future")
	case len(e.GetName()) > maxName || !plain(e.GetName()):
		return badField("name", "a name is at most %d bytes of UTF-8 without control characters", maxName)
	}
	if r := CheckUser("user", e.GetUser()); r != nil {
		return r
	}
	return d.checkChange(e)
}

func (d *decision) checkChange(e *chatv1.Event) *chatv1.Refusal {
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Created:
		return d.checkCreated(c.Created)
	case *chatv1.Event_Message:
		return d.checkPosted(e, c.Message)
	case *chatv1.Event_Edited:
		if c.Edited.GetText() != "" {
			if r := checkText(c.Edited.GetText(), d.limits.Text); r != nil {
				return r
			}
		}
		return d.checkSubject(e, "edited.seq", c.Edited.GetSeq())
	case *chatv1.Event_Deleted:
		return d.checkSubject(e, "deleted.seq", c.Deleted.GetSeq())
	case *chatv1.Event_Reacted:
		if c.Reacted.GetEmoji() != "" {
			if r := checkEmoji(c.Reacted.GetEmoji()); r != nil {
				return r
			}
		}
		return d.checkSubject(e, "reacted.seq", c.Reacted.GetSeq())
	case *chatv1.Event_Updated:
		if c.Updated.Name != nil {
			if r := checkName(c.Updated.GetName()); r != nil {
				return r
			}
		}
		return checkTopic(c.Updated.GetTopic())
	case *chatv1.Event_Joined:
		return checkRole(c.Joined.GetRole())
	case *chatv1.Event_RoleSet:
		return firstOf(CheckUser("roleSet.user", c.RoleSet.GetUser()), checkRole(c.RoleSet.GetRole()))
	case *chatv1.Event_Removed:
		return CheckUser("removed.user", c.Removed.GetUser())
	case *chatv1.Event_Unbanned:
		return CheckUser("unbanned.user", c.Unbanned.GetUser())
	case *chatv1.Event_Muted:
		return CheckUser("muted.user", c.Muted.GetUser())
	case *chatv1.Event_Unmuted:
		return CheckUser("unmuted.user", c.Unmuted.GetUser())
	case *chatv1.Event_Trimmed:
		if c.Trimmed.GetBefore() > d.Head+1+e.GetSkipped() {
			return badField("trimmed.before", "messages are trimmed before the event that says so")
		}
		return nil
	case *chatv1.Event_Left, *chatv1.Event_Closed, *chatv1.Event_RetentionSet:
		return nil
	case *chatv1.Event_Erased:
		if len(c.Erased.GetSeqs()) > MaxErased || c.Erased.GetUser() != "" && c.Erased.GetUser() != Nobody {
			return badField("erased", "an erasure in a file names at most %d seqs, and nobody", MaxErased)
		}
		return nil
	}
	return badField("event", "an event has a change that this server knows")
}

func firstOf(refusals ...*chatv1.Refusal) *chatv1.Refusal {
	for _, r := range refusals {
		if r != nil {
			return r
		}
	}
	return nil
}

func checkRole(role chatv1.Role) *chatv1.Refusal {
	if role < chatv1.Role_OWNER || role > chatv1.Role_READER {
		return badField("role", "a role is OWNER, MODERATOR, MEMBER or READER")
	}
	return nil
}

func (d *decision) checkCreated(c *chatv1.Created) *chatv1.Refusal {
	direct := subject.IsDirectRoom(d.State.ID)
	switch {
	case c.GetKind() < chatv1.RoomKind_PUBLIC || c.GetKind() > chatv1.RoomKind_DIRECT:
		return badField("kind", "kind is PUBLIC, PRIVATE, BROADCAST or DIRECT")
	case direct != (c.GetKind() == chatv1.RoomKind_DIRECT):
		return badField("room", "ids of this form are those of direct rooms, and of no others")
	case !direct && checkName(c.GetName()) != nil:
		return checkName(c.GetName())
	}
	for _, m := range c.GetMembers() {
		if r := firstOf(CheckUser("members", m.GetUser()), checkRole(m.GetRole())); r != nil {
			return r
		}
	}
	return checkTopic(c.GetTopic())
}

// checkPosted refuses a message that could not be there. One of an export may
// have lost its text.
func (d *decision) checkPosted(e *chatv1.Event, p *chatv1.Posted) *chatv1.Refusal {
	send := &chatv1.Send{ClientMsgId: e.GetClientMsgId(), Text: p.GetText(), Data: p.GetData()}
	if e.GetSeq() > 0 && p.GetText() == "" {
		return firstOf(d.checkPastReference(e, "replyTo", p.ReplyTo), d.checkPastReference(e, "thread", p.Thread))
	}
	return firstOf(d.checkSend(send), d.checkPastReference(e, "replyTo", p.ReplyTo), d.checkPastReference(e, "thread", p.Thread))
}

// checkPastReference is checkReference, but that what an event of an export
// names may have been trimmed.
func (d *decision) checkPastReference(e *chatv1.Event, field string, seq *uint32) *chatv1.Refusal {
	if seq != nil && d.wasTrimmed(e, *seq) {
		return nil
	}
	return d.checkReference(field, seq)
}

// wasTrimmed tells whether a message that an event of an export names may have
// been there once.
func (d *decision) wasTrimmed(e *chatv1.Event, seq uint32) bool {
	return e.GetSeq() > 0 && seq > 0 && seq < max(d.Since, TrimmedBy(e))
}

// checkSubject refuses a change of what is no message of the room.
func (d *decision) checkSubject(e *chatv1.Event, field string, seq uint32) *chatv1.Refusal {
	if d.wasTrimmed(e, seq) {
		return nil
	}
	_, r := d.message(field, seq)
	return r
}

// importedMark takes a read marker as it was.
func (d *decision) importedMark(m *chatv1.Mark) Decision {
	switch member := d.Members[m.GetUser()]; {
	case !d.By.GetAdmin():
		return refused(refuse(chatv1.ErrorCode_FORBIDDEN, "only admins import; use the admin token"))
	case member == nil:
		return refused(badField("user", "only members have a read marker"))
	case min(m.GetSeq(), d.Head) <= member.ReadSeq:
		return d.already(member.ReadSeq, d.TimeMs)
	default:
		seq := min(m.GetSeq(), d.Head)
		return Decision{Seq: seq, TimeMs: d.now, Mark: &chatv1.Mark{Room: d.State.ID, User: m.GetUser(), Seq: seq, TimeMs: d.now}}
	}
}
