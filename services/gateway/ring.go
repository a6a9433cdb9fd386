package gateway

import (
	"slices"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

const (
	ringEntries = 256
	ringBytes   = 128 << 10
)

// ring keeps the last events of a room, without a hole, so that a client that
// comes back after a moment costs one copy and one write.
type ring struct {
	entries []*entry
	bytes   int
}

// add takes the next event.
func (r *ring) add(e *entry) {
	r.entries = append(r.entries, e)
	r.bytes += e.weight
	for len(r.entries) > ringEntries || r.bytes > ringBytes && len(r.entries) > 1 {
		r.drop(1)
	}
	switch c := e.event.GetChange().(type) {
	case *chatv1.Event_Deleted:
		r.erase(c.Deleted.GetSeq())
	case *chatv1.Event_Erased:
		if len(c.Erased.GetSeqs()) > 0 {
			r.forget(slices.Max(c.Erased.GetSeqs()))
		}
	case *chatv1.Event_Trimmed:
		r.trim(c.Trimmed.GetBefore())
	}
}

// after are the events that follow seq up to the last; ok is false where the
// ring does not reach back to the first of them.
func (r *ring) after(seq uint32) (entries []*entry, ok bool) {
	if len(r.entries) == 0 || seq+1 < r.entries[0].seq {
		return nil, false
	}
	skip := int(seq + 1 - r.entries[0].seq)
	if skip > len(r.entries) {
		return nil, false
	}
	return r.entries[skip:], true
}

// erase takes the text of a message out, and that of its edits: what is deleted
// must not be shown again.
func (r *ring) erase(seq uint32) {
	r.unsay(func(of uint32) bool { return of == seq })
}

// trim drops everything before a seq, and what later edits made of it.
func (r *ring) trim(before uint32) {
	if before == 0 {
		return
	}
	r.forget(before - 1)
	r.unsay(func(of uint32) bool { return of < before })
}

// unsay takes the text of some messages out.
func (r *ring) unsay(gone func(seq uint32) bool) {
	for i, e := range r.entries {
		if seq := textOf(e.event); seq > 0 && gone(seq) {
			r.bytes -= e.weight
			r.entries[i] = newEntry(withoutText(e.event))
			r.bytes += r.entries[i].weight
		}
	}
}

// deletions are the messages that are deleted by events that the ring holds.
func (r *ring) deletions() map[uint32]bool {
	var list map[uint32]bool
	for _, e := range r.entries {
		if d := e.event.GetDeleted(); d != nil {
			if list == nil {
				list = map[uint32]bool{}
			}
			list[d.GetSeq()] = true
		}
	}
	return list
}

// trimmed is the seq before which messages are gone by events that the ring
// holds; 0: none are.
func (r *ring) trimmed() (before uint32) {
	for _, e := range r.entries {
		before = max(before, e.event.GetTrimmed().GetBefore())
	}
	return before
}

// erased are the events of which an erasure that the ring holds took something
// away.
func (r *ring) erased() map[uint32]bool {
	var list map[uint32]bool
	for _, e := range r.entries {
		for _, seq := range e.event.GetErased().GetSeqs() {
			if list == nil {
				list = map[uint32]bool{}
			}
			list[seq] = true
		}
	}
	return list
}

// forget drops everything up to and with seq: what is erased is not shown
// again as it was, and before it there would be a hole.
func (r *ring) forget(seq uint32) {
	if len(r.entries) > 0 && seq >= r.entries[0].seq {
		r.drop(min(len(r.entries), int(seq-r.entries[0].seq)+1))
	}
}

func (r *ring) drop(n int) {
	for i, e := range r.entries[:n] {
		r.bytes -= e.weight
		r.entries[i] = nil
	}
	r.entries = r.entries[n:]
}
