package history

import (
	"time"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// tail is what the log has and the store has not yet: a room that is loaded
// from the store is brought up to date from it. Over a limit the oldest records
// are forgotten; until the store has those, no room can be loaded. It belongs to
// the writer.
type tail struct {
	limit   int // bytes
	bytes   int
	records []*chatv1.LogRecord
	byRoom  map[string][]*chatv1.Event
	marks   map[string][]*chatv1.Mark
	// forgotten is the last sequence that was forgotten before the store had it,
	// and first the seq of each room's first event that was.
	forgotten uint64
	first     map[string]uint32
}

func newTail(limit int) *tail {
	return &tail{limit: limit, byRoom: map[string][]*chatv1.Event{}, marks: map[string][]*chatv1.Mark{}, first: map[string]uint32{}}
}

func (t *tail) add(r *chatv1.LogRecord) {
	t.records = append(t.records, r)
	t.bytes += proto.Size(r)
	for _, e := range r.GetEvents() {
		t.byRoom[e.GetRoom()] = append(t.byRoom[e.GetRoom()], e)
	}
	for _, m := range r.GetMarks() {
		t.marks[m.GetRoom()] = append(t.marks[m.GetRoom()], m)
	}
	for t.bytes > t.limit && len(t.records) > 1 {
		for _, e := range t.records[0].GetEvents() {
			if _, known := t.first[e.GetRoom()]; !known {
				t.first[e.GetRoom()] = e.GetSeq()
			}
		}
		t.forgotten = t.records[0].GetSequence()
		t.shift()
	}
}

// drop forgets the records up to a sequence, which the store has.
func (t *tail) drop(sequence uint64) {
	for len(t.records) > 0 && t.records[0].GetSequence() <= sequence {
		t.shift()
	}
	if t.forgotten > 0 && t.forgotten <= sequence {
		t.forgotten = 0
		clear(t.first)
	}
}

// reaches tells whether the tail goes back to where the store is.
func (t *tail) reaches(stored uint64) bool { return stored >= t.forgotten }

// age is how old the oldest change is that is kept.
func (t *tail) age(now time.Time) time.Duration {
	for _, r := range t.records {
		if weightOf(r) > 0 {
			return max(0, now.Sub(time.UnixMilli(r.GetTimeMs())))
		}
	}
	return 0
}

// shift drops the oldest record.
func (t *tail) shift() {
	r := t.records[0]
	for _, e := range r.GetEvents() {
		t.byRoom[e.GetRoom()] = rest(t.byRoom, e.GetRoom())
	}
	for _, m := range r.GetMarks() {
		t.marks[m.GetRoom()] = rest(t.marks, m.GetRoom())
	}
	t.bytes -= proto.Size(r)
	t.records[0] = nil
	t.records = t.records[1:]
}

// rest drops the first of a room's list, and the list when it is empty.
func rest[T any](lists map[string][]T, room string) []T {
	list := lists[room][1:]
	if len(list) == 0 {
		defer delete(lists, room)
	}
	return list
}
