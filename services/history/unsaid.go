package history

import (
	"slices"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// unsaid are events as they may be shown now: of a message that one of them
// deletes, no text is left, neither the first one nor one that an edit gave
// it, and of what one of them erases, nothing. What is changed is changed in a
// copy.
func unsaid(events []*chatv1.Event) []*chatv1.Event {
	deleted, erased := map[uint32]bool{}, map[uint32]*chatv1.Erased{}
	for _, e := range events {
		switch c := e.GetChange().(type) {
		case *chatv1.Event_Deleted:
			deleted[c.Deleted.GetSeq()] = true
		case *chatv1.Event_Erased:
			for _, seq := range c.Erased.GetSeqs() {
				erased[seq] = c.Erased
			}
		}
	}
	if len(deleted) == 0 && len(erased) == 0 {
		return events
	}
	events = slices.Clone(events)
	for i, e := range events {
		if deleted[textOf(e)] {
			events[i] = room.Unsaid(e)
		}
		if by := erased[e.GetSeq()]; by != nil {
			events[i] = room.Scrubbed(events[i], by.GetUser())
		}
	}
	return events
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
