package room

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Decision is what a change comes to: an event, a mark, or a refusal, or
// nothing of it where it is so already.
type Decision struct {
	// Event to store; its seq follows the head.
	Event *chatv1.Event
	// Mark to store: a read marker that rises. It takes no seq.
	Mark *chatv1.Mark
	// Refusal, if it may not be.
	Refusal *chatv1.Refusal
	// Seq and TimeMs (Unix ms) of the event, or of where it became so.
	Seq    uint32
	TimeMs int64
}

// Duplicate tells whether nothing is changed since it is so already.
func (d Decision) Duplicate() bool { return d.Event == nil && d.Mark == nil && d.Refusal == nil }

// Command is one change that somebody wants. Change holds one of the types of
// chatv1.Command's changes, but a *chatv1.Send in place of its Sends, and a
// *chatv1.Event or *chatv1.Mark in place of its Import.
type Command struct {
	// ID of the command, kept in the event.
	ID     string
	By     *chatv1.Actor
	Change any
}

// Decide says what a command comes to in a room at a time (Unix ms). It
// changes nothing. What it needs besides the state, Needs tells.
func Decide(s *State, c Command, facts Facts, limits Limits, nowMs int64) Decision {
	d := &decision{State: s, Command: c, facts: facts, limits: limits, now: max(nowMs, s.TimeMs)}
	if r := CheckUser("user", c.By.GetUser()); r != nil {
		return refused(r)
	}
	switch change := c.Change.(type) {
	case *chatv1.CreateRoom:
		return d.create(change)
	case *chatv1.OpenDirect:
		return d.openDirect(change)
	case *chatv1.Erase:
		return d.erase(change)
	case *chatv1.SetRetention:
		return d.setRetention(change)
	case *chatv1.Trim:
		return d.trim(change)
	case *chatv1.Event:
		return d.imported(change)
	case *chatv1.Mark:
		return d.importedMark(change)
	}
	if send, ok := c.Change.(*chatv1.Send); ok {
		// What was acked is acked again, also to who may not write any more.
		if sent, known := d.known(SentKey{User: c.By.GetUser(), ClientMsgID: send.GetClientMsgId()}); known && sent.Body == BodyOf(postedBy(send)) {
			return d.already(sent.Seq, sent.TimeMs)
		}
	}
	if r := d.checkSeen(); r != nil {
		return refused(r)
	}
	switch change := c.Change.(type) {
	case *chatv1.Join:
		return d.join()
	case *chatv1.Leave:
		return d.leave()
	case *chatv1.Send:
		return d.send(change)
	case *chatv1.Edit:
		return d.edit(change)
	case *chatv1.Delete:
		return d.delete(change)
	case *chatv1.React:
		return d.react(change)
	case *chatv1.Read:
		return d.read(change)
	case *chatv1.Invite:
		return d.invite(change)
	case *chatv1.Kick:
		return d.kick(change)
	case *chatv1.Ban:
		return d.ban(change)
	case *chatv1.Unban:
		return d.unban(change)
	case *chatv1.Mute:
		return d.mute(change)
	case *chatv1.Unmute:
		return d.unmute(change)
	case *chatv1.SetRole:
		return d.setRole(change)
	case *chatv1.UpdateRoom:
		return d.update(change)
	case *chatv1.DeleteRoom:
		return d.deleteRoom()
	}
	return refused(refuse(chatv1.ErrorCode_BAD_REQUEST, "a command needs a change that this server knows"))
}

// decision is the work on one command.
type decision struct {
	*State
	Command
	facts  Facts
	limits Limits
	now    int64
}

// checkSeen refuses an actor for whom there is no such room.
func (d *decision) checkSeen() *chatv1.Refusal {
	switch {
	case d.By.GetAdmin() && d.Exists():
		return nil
	case d.By.GetAdmin() && d.Closed:
		return refuse(chatv1.ErrorCode_GONE, "the room was deleted")
	}
	return d.CheckRead(d.By.GetUser(), d.now)
}

func refused(r *chatv1.Refusal) Decision { return Decision{Refusal: r} }

// already: it became so with an event, or is so at the head.
func (d *decision) already(seq uint32, timeMs int64) Decision {
	return Decision{Seq: seq, TimeMs: timeMs}
}

func (d *decision) alreadyNow() Decision { return d.already(d.Head, d.TimeMs) }

// event is the room's next one, by the actor, without its change.
func (d *decision) event() *chatv1.Event {
	return &chatv1.Event{
		Room: d.State.ID, Seq: d.Head + 1, TimeMs: d.now,
		User: d.By.GetUser(), Name: d.name(), CommandId: d.Command.ID,
	}
}

// name is the actor's; of one who has none, the one by which the room knows
// them.
func (d *decision) name() string {
	if name := d.By.GetName(); name != "" {
		return name
	}
	if m := d.Members[d.By.GetUser()]; m != nil && m.Name != "" {
		return m.Name
	}
	return d.By.GetUser()
}

func decided(e *chatv1.Event) Decision {
	return Decision{Event: e, Seq: e.GetSeq(), TimeMs: e.GetTimeMs()}
}
