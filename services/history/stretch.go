package history

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// stretch is a room's events after a seq, up to its head.
type stretch struct {
	events []*chatv1.Event
	// whole: none is missing at the beginning. What is missing is in the store.
	whole bool
	head  uint32
	// since is the seq before which the messages were trimmed.
	since uint32
}

// stretch is what the memory has of it: the latest events, and before them
// those that the store does not have yet.
func (w *writer) stretch(e *entry, after uint32) stretch {
	events, whole := e.recent.after(after, e.state.Head)
	s := stretch{events: slices.Clone(events), whole: whole, head: e.state.Head, since: e.state.Since}
	if whole {
		return s
	}
	first := e.recent.first()
	var older []*chatv1.Event
	for _, event := range w.tail.byRoom[e.id] {
		if event.GetSeq() > after && event.GetSeq() < first {
			older = append(older, event)
		}
	}
	s.events = append(older, s.events...)
	if len(s.events) > 0 { // what an owner before stored is there as it was then
		s.events, _ = room.Filled(e.id, s.events, s.events[0].GetSeq()-1, s.head, s.since)
	}
	s.whole = len(s.events) > 0 && s.events[0].GetSeq() == after+1
	return s
}

// complete reads the missing beginning from the store.
func (s *stretch) complete(ctx context.Context, l library, id string, after uint32) error {
	if s.whole {
		return nil
	}
	missing := maxReplay
	if len(s.events) > 0 {
		missing = int(s.events[0].GetSeq() - after - 1)
	}
	cut := missing > maxReplay
	missing = min(missing, maxReplay, int(s.head-after))
	older, err := l.Events(ctx, id, after, missing)
	if err == nil {
		var whole bool
		if older, whole = room.Filled(id, older, after, after+uint32(missing), s.since); !whole {
			err = errBehind
		}
	}
	// What the memory knows to be deleted the store may not know yet.
	all := unsaid(append(older, s.events...))
	if cut {
		all = all[:len(older)] // the beginning only; who asks goes on from there
	}
	s.events = all
	return err
}

// holds tells whether the reply has room for so many bytes more, and takes it.
func (i *inquiry) holds(bytes int) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.bytes+bytes > replyBytes {
		return false
	}
	i.bytes += bytes
	return true
}

// fit is as many of the events, from the first on, as the reply still holds.
func (i *inquiry) fit(events []*chatv1.Event) []*chatv1.Event {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n, e := range events {
		if i.bytes += proto.Size(e) + 8; i.bytes > replyBytes {
			return events[:n]
		}
	}
	return events
}
