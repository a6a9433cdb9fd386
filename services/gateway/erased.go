package gateway

import (
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// entriesOf are events that an owner told, as they may be shown now: what was
// deleted or trimmed since then carries no text. None where something of them was erased
// since then: they are asked for again.
func (f *feed) entriesOf(events []*chatv1.Event) []*entry {
	if len(events) == 0 {
		return nil
	}
	deleted, erased, trimmed := f.ring.deletions(), f.ring.erased(), f.ring.trimmed()
	entries := make([]*entry, len(events))
	for i, e := range events {
		if erased[e.GetSeq()] {
			return nil
		}
		if of := textOf(e); deleted[of] || 0 < of && of < trimmed {
			e = withoutText(e)
		}
		entries[i] = newEntry(e)
	}
	return entries
}

// textOf is the seq of the message whose text an event holds; 0 if it holds
// none.
func textOf(e *chatv1.Event) uint32 {
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Message:
		return e.GetSeq()
	case *chatv1.Event_Edited:
		return c.Edited.GetSeq()
	}
	return 0
}

// withoutText is a copy of an event with nothing in it of what was written.
func withoutText(e *chatv1.Event) *chatv1.Event {
	e = proto.CloneOf(e)
	if p := e.GetMessage(); p != nil {
		p.Text, p.Data, p.Mentions = "", nil, nil
	}
	if p := e.GetEdited(); p != nil {
		p.Text, p.Mentions = "", nil
	}
	return e
}
