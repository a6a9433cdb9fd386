package history

import (
	"context"
	"errors"
	"slices"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// library is what a writer reads from the store.
type library interface {
	Room(ctx context.Context, room string) (*room.State, error)
	Sent(ctx context.Context, room string, keys []room.SentKey) (map[room.SentKey]room.Sent, error)
	Events(ctx context.Context, room string, after uint32, limit int) ([]*chatv1.Event, error)
	Facts(ctx context.Context, room string, seqs []uint32) (map[uint32]*room.Message, error)
	Unread(ctx context.Context, room, user string, after, to uint32) (unread, mentions int, err error)
}

const (
	loadsAtOnce = 8
	loadTimeout = 5 * time.Second
	// loadedEvents is how many of its last events a cold room brings along.
	loadedEvents = 100
)

// errBehind says that between what the store has and what is in memory there
// are records that are only in the log.
var errBehind = errors.New("the store is too far behind the log; it catches up")

// loader asks the store without holding the writer up.
type loader struct {
	library library
	slots   chan struct{}
}

func newLoader(l library) *loader {
	return &loader{library: l, slots: make(chan struct{}, loadsAtOnce)}
}

// load is one room, or what the store knows of some ids in it.
type load struct {
	room   string
	needs  *room.Needs // nil: the room itself
	state  *room.State
	events []*chatv1.Event
	sent   map[room.SentKey]room.Sent
	facts  map[uint32]*room.Message
	err    error
	entry  *entry
}

// needsTail tells whether what the store says has to be brought up to date.
// Ids that it does not have are in memory.
func (r *load) needsTail() bool { return r.needs == nil || len(r.needs.Messages) > 0 }

// do runs work when a slot is free.
func (l *loader) do(work func(ctx context.Context)) {
	l.slots <- struct{}{}
	defer func() { <-l.slots }()
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	work(ctx)
}

// fill reads what a load is for.
func (l *loader) fill(ctx context.Context, r *load) {
	if r.needs != nil {
		if len(r.needs.Sent) > 0 {
			r.sent, r.err = l.library.Sent(ctx, r.room, r.needs.Sent)
		}
		if r.err == nil && len(r.needs.Messages) > 0 {
			r.facts, r.err = l.library.Facts(ctx, r.room, r.needs.Messages)
		}
		return
	}
	r.state, r.err = l.library.Room(ctx, r.room)
	if errors.Is(r.err, store.ErrNotFound) {
		r.state, r.err = room.New(r.room), nil
		return
	}
	if r.err == nil {
		after := r.state.Head - min(r.state.Head, loadedEvents)
		r.events, r.err = l.library.Events(ctx, r.room, after, int(r.state.Head-after))
	}
}

// load has the store asked; what comes for the room meanwhile waits.
func (w *writer) load(e *entry, needs *room.Needs) {
	e.loading = true
	l := &load{room: e.id, needs: needs, entry: e}
	w.holds[l] = w.at
	if l.needsTail() && !w.tail.reaches(w.at) {
		l.err = errBehind
	}
	go w.loader.do(func(ctx context.Context) {
		if l.err == nil {
			w.loader.fill(ctx, l)
		}
		select {
		case w.loads <- l:
		case <-w.quit:
		}
	})
}

// loaded brings what the store said up to date, and lets go on what waited.
func (w *writer) loaded(l *load) {
	from := w.holds[l]
	delete(w.holds, l)
	defer w.forget()
	e := l.entry
	if w.rooms.byID[l.room] != e {
		return // dropped since, with a record that was lost
	}
	e.loading = false
	if l.err == nil && l.needsTail() && !w.tail.reaches(from) {
		l.err = errBehind
	}
	if l.err != nil {
		w.failed(e, l.err)
		return
	}
	if l.needs != nil {
		w.learn(e, l)
	} else if !w.adopt(e, l) {
		w.load(e, nil)
		return
	}
	if needs := w.needs(e); !needs.None() {
		w.load(e, &needs)
		return
	}
	commands, questions := e.commands, e.questions
	e.commands, e.questions = nil, nil
	w.ready = append(commands, w.ready...)
	for _, ask := range questions {
		w.withEntry(e, ask)
	}
}

// needs is what all that wait for a room need from the store: one question
// serves them together.
func (w *writer) needs(e *entry) room.Needs {
	var all room.Needs
	for _, r := range e.commands {
		n := e.unknown(r)
		all.Sent = append(all.Sent, n.Sent...)
		all.Messages = append(all.Messages, n.Messages...)
	}
	return all
}

// unknown is what a command needs, but for what the store was asked already.
func (e *entry) unknown(r *request) room.Needs {
	n := e.state.Needs(r.command.GetActor().GetUser(), change(r.command))
	n.Sent = slices.DeleteFunc(n.Sent, func(key room.SentKey) bool { return e.asked[key] })
	return n
}

// learn keeps the store's word on ids for those who wait. It is true as long as
// nothing else is decided in the room, so commit forgets it.
func (w *writer) learn(e *entry, l *load) {
	if e.asked == nil {
		e.asked, e.facts.Sent = map[room.SentKey]bool{}, map[room.SentKey]room.Sent{}
	}
	for _, key := range l.needs.Sent {
		e.asked[key] = true
	}
	for key, sent := range l.sent {
		e.facts.Sent[key] = sent
	}
	for _, seq := range l.needs.Messages {
		e.state.Learn(seq, room.Followed(seq, l.facts[seq], w.tail.byRoom[e.id]))
	}
}

// adopt takes the loaded room, with the events that the store did not have yet.
// A tail that does not reach back to it is no room: then it is loaded again.
func (w *writer) adopt(e *entry, l *load) bool {
	var r recent
	for _, event := range lastOf(l.events, l.state) {
		r.add(event)
	}
	for _, event := range w.tail.byRoom[e.id] {
		if event.GetSeq() <= l.state.Head {
			continue
		}
		if l.state.Evolve(event) != nil {
			return false
		}
		r.add(event)
	}
	for _, mark := range w.tail.marks[e.id] {
		l.state.Mark(mark.GetUser(), mark.GetSeq())
	}
	e.state, e.recent = l.state, r
	w.rooms.events += len(r.events)
	return true
}

// lastOf are a room's last events, from the last hole on: what the store had of
// others may have been trimmed.
func lastOf(events []*chatv1.Event, s *room.State) []*chatv1.Event {
	n := len(events)
	for next := s.Head; n > 0 && events[n-1].GetSeq() == next && next >= s.Since; next-- {
		n--
	}
	return events[n:]
}

// failed turns away what waited for a room that the store did not give.
func (w *writer) failed(e *entry, err error) {
	ctx := context.Background()
	if len(e.commands) > 0 {
		ctx = e.commands[0].named(ctx) // the first of those that it was loaded for
	}
	w.log.WarnContext(ctx, "a room could not be loaded", "room", e.id, "commands", len(e.commands), "questions", len(e.questions), "error", err)
	commands, questions := e.commands, e.questions
	e.commands, e.questions = nil, nil
	if e.state == nil {
		w.rooms.drop(e)
	}
	for _, r := range commands {
		r.answer(refusedCommand(archiveAway()))
	}
	for _, ask := range questions {
		ask(nil)
	}
}

// withRoom runs ask with a room that may be shown: at once, or when it is
// loaded and stored. The entry is nil if the store does not answer.
func (w *writer) withRoom(id string, ask func(*entry)) {
	e := w.rooms.use(id)
	if e.state == nil && !e.loading {
		w.load(e, nil)
	}
	w.withEntry(e, ask)
}

func (w *writer) withEntry(e *entry, ask func(*entry)) {
	if e.touched || e.state == nil {
		e.questions = append(e.questions, ask)
		return
	}
	ask(e)
}
