package history

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// tail is what the log has and the store has not yet: a room that is loaded
// from the store is brought up to date from it. It belongs to the writer.
type tail struct {
	records []*chatv1.LogRecord
	byRoom  map[string][]*chatv1.Event
	marks   map[string][]*chatv1.Mark
}

func newTail() *tail {
	return &tail{byRoom: map[string][]*chatv1.Event{}, marks: map[string][]*chatv1.Mark{}}
}

func (t *tail) add(r *chatv1.LogRecord) {
	t.records = append(t.records, r)
	for _, e := range r.GetEvents() {
		t.byRoom[e.GetRoom()] = append(t.byRoom[e.GetRoom()], e)
	}
	for _, m := range r.GetMarks() {
		t.marks[m.GetRoom()] = append(t.marks[m.GetRoom()], m)
	}
}

// drop forgets the records up to a sequence.
func (t *tail) drop(sequence uint64) {
	n := 0
	for n < len(t.records) && t.records[n].GetSequence() <= sequence {
		for _, e := range t.records[n].GetEvents() {
			t.byRoom[e.GetRoom()] = rest(t.byRoom, e.GetRoom())
		}
		for _, m := range t.records[n].GetMarks() {
			t.marks[m.GetRoom()] = rest(t.marks, m.GetRoom())
		}
		n++
	}
	clear(t.records[:n])
	t.records = t.records[n:]
}

// rest drops the first of a room's list, and the list when it is empty.
func rest[T any](lists map[string][]T, room string) []T {
	list := lists[room][1:]
	if len(list) == 0 {
		defer delete(lists, room)
	}
	return list
}
