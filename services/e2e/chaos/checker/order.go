package checker

import (
	"fmt"
	"slices"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// order: the log is 1, 2, 3 …, and whatever anybody saw is in it.
func (r *run) order() {
	for id, m := range r.rooms {
		for i := range m.Events {
			e := &m.Events[i]
			if e.Seq != uint32(i)+1 || e.Room != id {
				r.broke(Violation{Rule: "order", Room: id, Seq: e.Seq, Text: fmt.Sprintf("the log has this event of room %q where seq %d should be", e.Room, i+1)})
				break
			}
			if i > 0 && e.Time.Before(m.Events[i-1].Time) {
				r.broke(Violation{Rule: "order", Room: id, Seq: e.Seq, Text: fmt.Sprintf("its time, %s, is before that of the event before it", e.Time)})
			}
		}
	}
	for _, g := range r.frames {
		e := g.frame.Event
		if e == nil || r.unread(e.Room) {
			continue
		}
		v := Violation{Room: e.Room, User: g.conn.user, Conn: g.conn.number, Seq: e.Seq, At: g.at}
		stored := r.rooms[e.Room].at(e.Seq)
		if stored == nil {
			v.Rule, v.Text = "unstored", "this event was shown, and the log does not have it: "+describe(e)
			r.broke(v)
			continue
		}
		if why := r.rooms[e.Room].differs(e, stored); why != "" {
			v.Rule, v.Text = "order", fmt.Sprintf("%s: %s was shown, %s is stored", why, describe(e), describe(stored))
			if e.Message != nil && stored.ClientMsgID != e.ClientMsgID && !r.rooms[e.Room].holds(e.User, e.ClientMsgID) {
				v.Rule = "unstored"
			}
			r.broke(v)
		}
	}
}

// holds tells whether a message of that id is in the log, at any seq.
func (m *room) holds(user, id string) bool { return m.find(user, id) != nil }

func (m *room) find(user, id string) *history.Event {
	for i := range m.Events {
		if e := &m.Events[i]; e.Message != nil && e.User == user && e.ClientMsgID == id {
			return e
		}
	}
	return nil
}

// differs says in what two views of the event at a seq differ; empty: in
// nothing. The words of a deleted message are gone from one of them, perhaps.
func (m *room) differs(a, b *history.Event) string {
	switch {
	case a.Kind() != b.Kind():
		return "another kind of event"
	case a.User != b.User:
		return "another user"
	case a.ClientMsgID != b.ClientMsgID:
		return "another message"
	case !a.Time.Equal(b.Time):
		return "another time"
	}
	target := a.Seq
	textA, textB := "", ""
	switch {
	case a.Message != nil:
		textA, textB = a.Message.Text, b.Message.Text
		if slices.Contains(m.edits[target], textA) { // as it stood when it was shown
			return ""
		}
	case a.Edited != nil:
		if a.Edited.Seq != b.Edited.Seq {
			return "another message edited"
		}
		target, textA, textB = a.Edited.Seq, a.Edited.Text, b.Edited.Text
	case a.Deleted != nil && *a.Deleted != *b.Deleted:
		return "another message deleted"
	case a.Reacted != nil && *a.Reacted != *b.Reacted:
		return "another reaction"
	case a.Removed != nil && *a.Removed != *b.Removed:
		return "another member removed"
	case a.RoleSet != nil && *a.RoleSet != *b.RoleSet:
		return "another role set"
	case a.Joined != nil && *a.Joined != *b.Joined:
		return "joined otherwise"
	}
	if textA != textB && !m.gone[target] {
		return "another text"
	}
	return ""
}

func describe(e *history.Event) string {
	switch {
	case e.Message != nil:
		return fmt.Sprintf("message %s of %s, %q", e.ClientMsgID, e.User, e.Message.Text)
	case e.Edited != nil:
		return fmt.Sprintf("edit of %d by %s, %q", e.Edited.Seq, e.User, e.Edited.Text)
	}
	return fmt.Sprintf("%s by %s", e.Kind(), e.User)
}

// twice: an id is one message.
func (r *run) twice() {
	for id, m := range r.rooms {
		first := map[[2]string]uint32{}
		for i := range m.Events {
			e := &m.Events[i]
			if e.Message == nil || e.ClientMsgID == "" {
				continue
			}
			key := [2]string{e.User, e.ClientMsgID}
			if at, there := first[key]; there {
				r.broke(Violation{Rule: "twice", Room: id, User: e.User, Seq: e.Seq, Text: fmt.Sprintf("message %s is also at seq %d", e.ClientMsgID, at)})
				continue
			}
			first[key] = e.Seq
		}
	}
}
