package gateway

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
	r.bytes += e.weight()
	for len(r.entries) > ringEntries || r.bytes > ringBytes && len(r.entries) > 1 {
		r.drop(1)
	}
	if d := e.event.GetDeleted(); d != nil {
		r.forget(d.GetSeq())
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

// forget drops everything up to and with seq: a deleted message must not be
// shown again with its text, and before it there would be a hole.
func (r *ring) forget(seq uint32) {
	if len(r.entries) > 0 && seq >= r.entries[0].seq {
		r.drop(min(len(r.entries), int(seq-r.entries[0].seq)+1))
	}
}

func (r *ring) drop(n int) {
	for i, e := range r.entries[:n] {
		r.bytes -= e.weight()
		r.entries[i] = nil
	}
	r.entries = r.entries[n:]
}
