package history

import (
	"container/list"

	"github.com/natter-chat/natter/services/history/room"
)

// entry is a room in the writer's memory.
type entry struct {
	id     string
	state  *room.State // nil while it is loaded
	recent recent
	// touched: the record under way has events of it; it must not be shown.
	touched bool
	// loading: the store is being asked; what comes for the room waits.
	loading bool
	// facts are what the store said for those that wait, asked what it was
	// asked for.
	facts room.Facts
	asked map[room.SentKey]bool
	// commands wait for the load, questions also for the record under way.
	commands  []*request
	questions []func(*entry)

	element *list.Element
}

func (e *entry) idle() bool {
	return !e.touched && !e.loading && len(e.commands) == 0 && len(e.questions) == 0
}

// rooms are the rooms in memory, the longest unused dropped first. It belongs
// to the writer.
type rooms struct {
	byID   map[string]*entry
	order  *list.List // of *entry, the latest first
	events int        // kept in all
	limits roomsLimits
}

// roomsLimits bound the memory of one partition's writer.
type roomsLimits struct {
	rooms  int
	events int
}

func newRooms(limits roomsLimits) *rooms {
	return &rooms{byID: map[string]*entry{}, order: list.New(), limits: limits}
}

// use finds a room, made empty if it is not in memory.
func (r *rooms) use(id string) *entry {
	if e := r.byID[id]; e != nil {
		r.order.MoveToFront(e.element)
		return e
	}
	e := &entry{id: id}
	e.element = r.order.PushFront(e)
	r.byID[id] = e
	return e
}

func (r *rooms) drop(e *entry) {
	if r.byID[e.id] == e {
		delete(r.byID, e.id)
		r.order.Remove(e.element)
		r.events -= len(e.recent.events)
	}
}

// dropAbsent forgets a room that does not exist: asking for many of them must
// not push out those that do.
func (w *writer) dropAbsent(e *entry) {
	if e.state != nil && e.state.Head == 0 && e.idle() {
		w.rooms.drop(e)
	}
}

// shrink drops what is over the limits and not in use.
func (r *rooms) shrink() {
	for at := r.order.Back(); at != nil && (len(r.byID) > r.limits.rooms || r.events > r.limits.events); {
		e := at.Value.(*entry)
		at = at.Prev()
		if e.idle() {
			r.drop(e)
		}
	}
}
