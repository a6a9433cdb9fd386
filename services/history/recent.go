package history

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// recentEvents is how many of a room's last events the writer keeps: a resume
// that misses no more is answered without the store.
const recentEvents = 500

// recent is a room's last events, in order and without a hole. A message that
// is deleted by now has no text in it.
type recent struct {
	events []*chatv1.Event
}

// add takes the room's next event, and tells by how many more are kept.
func (r *recent) add(e *chatv1.Event) int {
	before := len(r.events)
	if len(r.events) >= 2*recentEvents {
		kept := make([]*chatv1.Event, recentEvents, 2*recentEvents)
		copy(kept, r.events[len(r.events)-recentEvents:])
		r.events = kept
	}
	r.trim(e)
	r.events = append(r.events, e)
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Deleted:
		r.erase(c.Deleted.GetSeq())
	case *chatv1.Event_Erased:
		for _, seq := range c.Erased.GetSeqs() {
			if i := r.index(seq); i >= 0 {
				r.events[i] = room.Scrubbed(r.events[i], c.Erased.GetUser())
			}
		}
	}
	return len(r.events) - before
}

// trim drops what an event takes away, and what was said about it. Before an
// event with a hole before it nothing is kept.
func (r *recent) trim(e *chatv1.Event) {
	before := room.TrimmedBy(e)
	if e.GetSkipped() > 0 {
		r.events = nil
	}
	if before == 0 || len(r.events) == 0 {
		return
	}
	if first := r.events[0].GetSeq(); before > first {
		r.events = r.events[min(int(before-first), len(r.events)):]
	}
	for i := range r.events {
		r.events[i] = room.Left(r.events[i], before)
	}
}

// erase takes the text of a message away, and that of its edits.
func (r *recent) erase(seq uint32) {
	for i := max(0, r.index(seq)); i < len(r.events); i++ {
		if textOf(r.events[i]) == seq {
			r.events[i] = room.Unsaid(r.events[i])
		}
	}
}

func (r *recent) index(seq uint32) int {
	if len(r.events) == 0 || seq < r.events[0].GetSeq() || seq > r.events[len(r.events)-1].GetSeq() {
		return -1
	}
	return int(seq - r.events[0].GetSeq())
}

// after are the events with a higher seq; whole tells whether none is missing
// in between.
func (r *recent) after(seq, head uint32) (events []*chatv1.Event, whole bool) {
	if seq >= head {
		return nil, true
	}
	if i := r.index(seq + 1); i >= 0 {
		return r.events[i:len(r.events):len(r.events)], true
	}
	return r.events[:len(r.events):len(r.events)], false
}

// first is the lowest seq kept; above any where nothing is.
func (r *recent) first() uint32 {
	if len(r.events) == 0 {
		return ^uint32(0)
	}
	return r.events[0].GetSeq()
}
