package room

import (
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// setRetention says how long the room keeps its messages. Only an admin does.
func (d *decision) setRetention(c *chatv1.SetRetention) Decision {
	switch {
	case !d.By.GetAdmin():
		return refused(refuse(chatv1.ErrorCode_FORBIDDEN, "only admins say how long a room keeps its messages"))
	case d.Head == 0:
		return refused(NotFound())
	case d.Closed:
		return refused(refuse(chatv1.ErrorCode_GONE, "the room was deleted"))
	case proto.Equal(c.Retention, d.Retention):
		return d.alreadyNow()
	}
	e := d.event()
	e.Change = &chatv1.Event_RetentionSet{RetentionSet: &chatv1.RetentionSet{Retention: c.Retention}}
	return decided(e)
}

// trim takes the oldest messages away, also in a room that is closed. Only the
// room's owner asks for that.
func (d *decision) trim(c *chatv1.Trim) Decision {
	switch {
	case !d.By.GetAdmin():
		return refused(refuse(chatv1.ErrorCode_FORBIDDEN, "only the server takes messages away by their age or number"))
	case d.Head == 0:
		return refused(NotFound())
	case c.GetBefore() > d.Head+1:
		return refused(badField("before", "before is the seq of one of the room's events, or of the next one"))
	case c.GetBefore() <= max(d.Since, 1) || !proto.Equal(c.Retention, d.Retention):
		return d.alreadyNow()
	}
	e := d.event()
	e.TimeMs = d.TimeMs
	e.Change = &chatv1.Event_Trimmed{Trimmed: &chatv1.Trimmed{Before: c.GetBefore()}}
	return decided(e)
}

// trimmed folds that the messages before a seq are gone. Their ids stay known
// for as long as the state remembers: who sends one again gets its ack.
func (s *State) trimmed(before uint32) {
	if before <= s.Since {
		return
	}
	s.Since = before
	if s.Last.GetSeq() < before {
		s.Last = nil
	}
	for seq := range s.messages.bySeq {
		if seq < before {
			delete(s.messages.bySeq, seq)
		}
	}
}

// Follows tells whether an event is the next one of a room that is at a head.
func Follows(e *chatv1.Event, head uint32) bool {
	return uint64(e.GetSeq()) == uint64(head)+1+uint64(e.GetSkipped())
}

// TrimmedBy is the seq before which an event takes the messages away; 0: it
// takes none.
func TrimmedBy(e *chatv1.Event) uint32 {
	if e.GetSkipped() > 0 {
		return max(e.GetSeq(), e.GetTrimmed().GetBefore())
	}
	return e.GetTrimmed().GetBefore()
}

// About is the seq of the message with which an event goes when messages are
// trimmed; 0: it stays. That others were trimmed goes with them.
func About(e *chatv1.Event) uint32 {
	if e.GetTrimmed() != nil {
		return e.GetSeq()
	}
	return Subject(e)
}

// Left is what is left of an event when the messages before a seq are gone: one
// about such a message says nothing any more, and where it stood among them it
// is a Gone. It never changes the event it is given.
func Left(e *chatv1.Event, before uint32) *chatv1.Event {
	switch about := About(e); {
	case about == 0 || about >= before:
		return e
	case e.GetSeq() < before:
		return Gone(e.GetRoom(), e.GetSeq(), e.GetTimeMs())
	}
	return Scrubbed(e, "")
}

// Gone stands in the place of an event that is kept no more, where somebody
// needs a log without a hole: it says that what was there is deleted.
func Gone(room string, seq uint32, timeMs int64) *chatv1.Event {
	return &chatv1.Event{Room: room, Seq: seq, TimeMs: timeMs, User: Nobody, Change: &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: seq}}}
}

// Filled are a room's events with a seq in (after, to], from those that are
// kept: what was trimmed before the seq since is filled with Gones. It is false
// if others are missing.
func Filled(room string, kept []*chatv1.Event, after, to, since uint32) ([]*chatv1.Event, bool) {
	if n := int(to - after); n > 0 && len(kept) == n && kept[0].GetSeq() == after+1 && kept[n-1].GetSeq() == to {
		return left(kept, since), true
	}
	list := make([]*chatv1.Event, 0, to-after)
	for next := after + 1; next <= to; next++ {
		for len(kept) > 0 && kept[0].GetSeq() < next {
			kept = kept[1:]
		}
		switch {
		case len(kept) > 0 && kept[0].GetSeq() == next:
			list = append(list, Left(kept[0], since))
		case next >= since:
			return list, false
		case len(kept) > 0:
			list = append(list, Gone(room, next, kept[0].GetTimeMs()))
		case len(list) > 0:
			list = append(list, Gone(room, next, list[len(list)-1].GetTimeMs()))
		default:
			list = append(list, Gone(room, next, 0))
		}
	}
	return list, true
}

// left is Left of all of them.
func left(events []*chatv1.Event, before uint32) []*chatv1.Event {
	if before == 0 {
		return events
	}
	list := make([]*chatv1.Event, len(events))
	for i, e := range events {
		list[i] = Left(e, before)
	}
	return list
}

func trimmedAway() *chatv1.Refusal {
	return refuse(chatv1.ErrorCode_GONE, "the room does not keep messages for so long; that one is gone")
}
