package history

import (
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// batch is the commands that are answered together, and the record they make.
type batch struct {
	now     time.Time
	record  *chatv1.LogRecord
	origins []origin // of the record's events, one each
	bytes   int
	used    map[string]*entry // the rooms of its commands
	byID    map[string]*chatv1.CommandReply
	answers []answered
	// proves: that it is stored shows that nobody else has written since the
	// lease, renewed at that time, had run out.
	proves time.Time
}

// answered is a command that is decided.
type answered struct {
	*request
	reply *chatv1.CommandReply
}

func newBatch(now time.Time) *batch {
	return &batch{now: now, record: &chatv1.LogRecord{}, used: map[string]*entry{}, byID: map[string]*chatv1.CommandReply{}}
}

// empty tells whether there is nothing to store.
func (b *batch) empty() bool { return len(b.record.GetEvents()) == 0 && len(b.record.GetMarks()) == 0 }

func (b *batch) answer(r *request, reply *chatv1.CommandReply) {
	b.answers = append(b.answers, answered{r, reply})
	if id := r.command.GetId(); id != "" {
		b.byID[id] = reply
	}
}

func (b *batch) refuse(r *request, refusal *chatv1.Refusal) { b.answer(r, refusedCommand(refusal)) }

// decide adds a command to the batch, or lets it wait for its room.
func (w *writer) decide(b *batch, r *request) {
	c := r.command
	switch {
	case c.GetDeadlineMs() > 0 && b.now.UnixMilli() > c.GetDeadlineMs():
		return // nobody waits
	case w.memory.get(c.GetId()) != nil:
		b.answer(r, &chatv1.CommandReply{Results: []*chatv1.Result{w.memory.get(c.GetId())}})
		return
	case b.byID[c.GetId()] != nil: // a retry that came while its first attempt waited
		b.answer(r, b.byID[c.GetId()])
		return
	case w.backlog.size() > maxBacklog:
		b.refuse(r, unavailable("the archive is behind; try again in a moment"))
		return
	}
	e := w.rooms.use(c.GetRoom())
	if w.mustWait(e, r) {
		e.commands = append(e.commands, r)
		return
	}
	b.used[e.id] = e
	b.answer(r, &chatv1.CommandReply{Results: w.results(b, e, r)})
	r.decided()
}

// mustWait tells whether a command needs what is not in memory, and has the
// store asked for it. Commands into one room keep their order.
func (w *writer) mustWait(e *entry, r *request) bool {
	if e.loading {
		return true
	}
	if e.state == nil {
		w.load(e, nil)
		return true
	}
	needs := e.unknown(r)
	if needs.None() {
		return false
	}
	w.load(e, &needs)
	return true
}

// results decides the changes of a command one after another, each on what the
// one before it left.
func (w *writer) results(b *batch, e *entry, r *request) []*chatv1.Result {
	c, before := r.command, len(b.record.GetEvents())
	if c.GetImport() != nil {
		results := w.past(b, e, r)
		b.came(before, r, 0)
		return results
	}
	if c.GetSends() == nil {
		result := w.apply(b, e, r, change(c))
		b.came(before, r, 0)
		return []*chatv1.Result{result}
	}
	results := make([]*chatv1.Result, 0, len(c.GetSends().GetSends()))
	for i, send := range c.GetSends().GetSends() {
		before = len(b.record.GetEvents())
		results = append(results, w.apply(b, e, r, send))
		b.came(before, r, i)
	}
	return results
}

// past takes a part of a room's past, up to the first event or mark that is
// refused.
func (w *writer) past(b *batch, e *entry, r *request) []*chatv1.Result {
	c := r.command
	var results []*chatv1.Result
	take := func(change any) bool {
		result := w.apply(b, e, r, change)
		results = append(results, result)
		return result.GetRefusal() == nil
	}
	for _, event := range c.GetImport().GetEvents() {
		if !take(event) {
			return results
		}
	}
	for _, mark := range c.GetImport().GetMarks() {
		if !take(mark) {
			return results
		}
	}
	return results
}

func (w *writer) apply(b *batch, e *entry, r *request, change any) *chatv1.Result {
	d := room.Decide(e.state, room.Command{ID: r.command.GetId(), By: r.command.GetActor(), Change: change}, e.facts, w.limits, b.now.UnixMilli())
	if d.Refusal != nil {
		return &chatv1.Result{Refusal: d.Refusal}
	}
	if d.Mark != nil {
		e.state.Mark(d.Mark.GetUser(), d.Mark.GetSeq())
		e.touched = true
		b.mark(d.Mark)
	}
	if d.Event != nil {
		if err := e.state.Evolve(d.Event); err != nil {
			w.log.ErrorContext(r.named(context.Background()), "a decision does not fit its room", "room", e.id, "error", err)
			return &chatv1.Result{Refusal: &chatv1.Refusal{Code: chatv1.ErrorCode_INTERNAL, Message: "the server made a mistake; it was logged"}}
		}
		e.touched = true
		b.record.Events = append(b.record.Events, d.Event)
		b.bytes += proto.Size(d.Event) + 8
	}
	return &chatv1.Result{Seq: d.Seq, TimeMs: d.TimeMs, Duplicate: d.Duplicate()}
}

// mark adds a read marker; of one user's in one room the last one counts.
func (b *batch) mark(m *chatv1.Mark) {
	same := func(old *chatv1.Mark) bool { return old.GetRoom() == m.GetRoom() && old.GetUser() == m.GetUser() }
	if i := slices.IndexFunc(b.record.GetMarks(), same); i >= 0 {
		b.record.Marks[i] = m
		return
	}
	b.record.Marks = append(b.record.Marks, m)
	b.bytes += proto.Size(m) + 8
}

// change is what a command asks for: the message that its oneof holds.
func change(c *chatv1.Command) any {
	m := c.ProtoReflect()
	field := m.WhichOneof(m.Descriptor().Oneofs().ByName("change"))
	if field == nil {
		return nil
	}
	return m.Get(field).Message().Interface()
}
