package checker

import (
	"fmt"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// acks: what was promised is there.
func (r *run) acks() {
	for _, k := range r.calls {
		if k.reply == nil {
			continue
		}
		if k.reply.Ack != nil && !r.unread(k.reply.Ack.Room) {
			r.acked(k, k.reply.Ack)
		}
		if k.reply.Room != nil && !r.unread(k.reply.Room.Room) {
			r.entered(k, k.reply.Room)
		}
	}
}

// of is a violation about a call's answer.
func (k *call) of(rule, room string, seq uint32, text string) Violation {
	return Violation{Rule: rule, Room: room, User: k.conn.user, Conn: k.conn.number, Seq: seq, At: k.replied, Text: text}
}

func (r *run) acked(k *call, ack *history.Ack) {
	m := r.rooms[ack.Room]
	if m == nil {
		r.broke(k.of("lost", ack.Room, ack.Seq, "nothing is stored of the room, and it has acks"))
		return
	}
	e := m.at(ack.Seq)
	if send := k.request.Send; send != nil {
		r.sent(k, m, send, e)
		return
	}
	if e == nil {
		r.broke(k.of("lost", ack.Room, ack.Seq, fmt.Sprintf("the log ends at %d, before what was acked", len(m.Events))))
		return
	}
	if !ack.Duplicate && !did(k, e) {
		r.broke(k.of("ack", ack.Room, ack.Seq, "what was acked is not there, but "+describe(e)))
	}
}

func (r *run) sent(k *call, m *room, send *history.Send, e *history.Event) {
	seq := k.reply.Ack.Seq
	if e == nil || e.Message == nil || e.User != k.conn.user || e.ClientMsgID != send.ClientMsgID {
		if other := m.find(k.conn.user, send.ClientMsgID); other != nil {
			r.broke(k.of("ack", m.Room.Room, seq, fmt.Sprintf("message %s was acked here and is stored at seq %d", send.ClientMsgID, other.Seq)))
			return
		}
		r.broke(k.of("lost", m.Room.Room, seq, fmt.Sprintf("message %s was acked and is not stored", send.ClientMsgID)))
		return
	}
	if e.Message.Text != send.Text && !m.gone[seq] {
		r.broke(k.of("ack", m.Room.Room, seq, fmt.Sprintf("message %s was sent as %q and is stored as %q", send.ClientMsgID, send.Text, e.Message.Text)))
	}
}

// did tells whether an event is what a request asked for.
func did(k *call, e *history.Event) bool {
	q, by := k.request, k.conn.user
	switch {
	case q.Edit != nil:
		return e.Edited != nil && e.User == by && e.Edited.Seq == q.Edit.Seq
	case q.Delete != nil:
		return e.Deleted != nil && e.User == by && e.Deleted.Seq == q.Delete.Seq
	case q.React != nil:
		return e.Reacted != nil && e.User == by && *e.Reacted == history.Reacted{Seq: q.React.Seq, Emoji: q.React.Emoji, Removed: q.React.Remove}
	case q.Leave != nil:
		return e.Left != nil && e.User == by
	case q.Invite != nil:
		return e.Joined != nil && e.User == q.Invite.User && e.Joined.By == by
	case q.Kick != nil:
		return e.Removed != nil && e.User == by && e.Removed.User == q.Kick.User
	case q.SetRole != nil:
		return e.RoleSet != nil && e.User == by && *e.RoleSet == history.RoleSet{User: q.SetRole.User, Role: q.SetRole.Role}
	}
	return true
}

// entered: who was told of a join is a member at that view, or was one before it:
// another of their devices may have left while the view was under way, and then
// it says so.
func (r *run) entered(k *call, view *history.View) {
	m := r.rooms[view.Room]
	switch {
	case k.request.Join == nil && k.request.CreateRoom == nil:
	case m == nil || int(view.Head) > len(m.Events):
		r.broke(k.of("lost", view.Room, view.Head, "the user was told that they are in the room, and the log does not go so far"))
	case k.request.Join == nil:
	case view.Member() != m.member(k.conn.user, view.Head):
		r.broke(k.of("lost", view.Room, view.Head, "what the user was told of being in the room is not what the log says"))
	case !m.was(k.conn.user, view.Head):
		r.broke(k.of("lost", view.Room, view.Head, "the user was told that their join was done, and by the log they never were in the room"))
	}
}
