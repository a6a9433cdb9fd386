package room

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Decision is what a change comes to: an event, or a refusal, or neither where
// it is so already.
type Decision struct {
	// Event to store; its seq follows the head.
	Event *chatv1.Event
	// Refusal, if it may not be.
	Refusal *chatv1.Refusal
	// Seq and TimeMs (Unix ms) of the event, or of where it became so.
	Seq    uint32
	TimeMs int64
}

// Duplicate tells whether nothing is changed since it is so already.
func (d Decision) Duplicate() bool { return d.Event == nil && d.Refusal == nil }

// Command is one change that somebody wants. Change holds one of the types of
// chatv1.Command's changes, but a *chatv1.Send in place of its Sends.
type Command struct {
	// ID of the command, kept in the event.
	ID     string
	By     *chatv1.Actor
	Change any
}

// Decide says what a command comes to in a room at a time (Unix ms). It
// changes nothing.
func Decide(s *State, c Command, facts Facts, limits Limits, nowMs int64) Decision {
	d := decision{State: s, Command: c, facts: facts, limits: limits, now: max(nowMs, s.TimeMs)}
	if refusal := CheckUser("user", c.By.GetUser()); refusal != nil {
		return Decision{Refusal: refusal}
	}
	if create, ok := c.Change.(*chatv1.CreateRoom); ok {
		return d.create(create)
	}
	if !s.Exists() || !s.MayRead(c.By.GetUser()) && !c.By.GetAdmin() {
		return Decision{Refusal: NotFound()}
	}
	switch change := c.Change.(type) {
	case *chatv1.Join:
		return d.join()
	case *chatv1.Leave:
		return d.leave()
	case *chatv1.Send:
		return d.send(change)
	}
	return d.refuse(refuse(chatv1.ErrorCode_BAD_REQUEST, "this server does not know that request yet"))
}

// decision is the work on one command.
type decision struct {
	*State
	Command
	facts  Facts
	limits Limits
	now    int64
}

func (d *decision) refuse(r *chatv1.Refusal) Decision { return Decision{Refusal: r} }

func (d *decision) already(seq uint32, timeMs int64) Decision {
	return Decision{Seq: seq, TimeMs: timeMs}
}

// event is the room's next one, by the actor, without its change.
func (d *decision) event() *chatv1.Event {
	return &chatv1.Event{
		Room: d.State.ID, Seq: d.Head + 1, TimeMs: d.now,
		User: d.By.GetUser(), Name: d.By.GetName(), CommandId: d.Command.ID,
	}
}

func (d *decision) decided(e *chatv1.Event) Decision {
	return Decision{Event: e, Seq: e.GetSeq(), TimeMs: e.GetTimeMs()}
}
