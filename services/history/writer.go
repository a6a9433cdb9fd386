package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/faultpoint"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/internal/plant"
)

// errSuperseded says that another replica writes the partition now.
var errSuperseded = errors.New("another owner writes this partition")

const (
	// recordBytes is the most bytes of a record's events; only a single large
	// command may make more.
	recordBytes = 512 << 10
	// keptIDs is how many clientMsgIds of a room stay in memory.
	keptIDs = 1024
)

// writer decides and stores every change of a partition's rooms. One goroutine
// owns all that is in it (run); requests and results reach it by channels. While
// a record is being appended, commands wait undecided; when it is stored, all
// that wait become the next one. So one disk sync serves many, and nobody is
// answered from a state that may not last.
type writer struct {
	partition int
	journal   *journal
	epoch     func() uint64
	lease     *lease
	limits    room.Limits
	publish   publisher
	backlog   *backlog
	loader    *loader
	// durability is what acks promise now.
	durability func() chatv1.Durability
	metrics    *metrics
	log        *slog.Logger

	requests  chan *request
	questions chan *question
	loads     chan *load
	archived  chan uint64
	done      chan outcome  // of an append that had to be settled
	late      *time.Timer   // runs while an answer of the log is awaited
	quit      chan struct{} // closed when run ends

	doubt   time.Time // of a lease that had run out; zero: none
	ready   []*request
	pending *batch // being appended; nil: none
	rooms   *rooms
	tail    *tail
	holds   map[*load]uint64 // loads under way: the tail they may need
	at      uint64           // how far the store is
	heads   *heads
	memory  *memory
	touched *touched
}

// outcome is the end of an append.
type outcome struct {
	fate fate
	err  error
}

// run works until ctx ends, or another owner is seen, or an append cannot be
// settled. Ending, it waits for the append under way and answers it.
func (w *writer) run(ctx context.Context) error {
	defer close(w.quit)
	tick := time.NewTicker(headsEvery)
	defer tick.Stop()
	for {
		if w.pending == nil && !w.doubt.IsZero() && ctx.Err() == nil {
			w.prove(ctx)
		}
		if w.pending == nil && len(w.ready) > 0 && ctx.Err() == nil {
			w.gather()
			w.commit(ctx)
			continue
		}
		select {
		case <-ctx.Done():
			return w.stop(ctx)
		case sent := <-w.lease.doubt:
			w.doubted(sent)
		case r := <-w.requests:
			w.ready = append(w.ready, r)
		case q := <-w.questions:
			w.ask(q)
		case l := <-w.loads:
			w.loaded(l)
		case msg := <-w.journal.acks.came:
			if err := w.heard(ctx, msg); err != nil {
				return err
			}
		case <-w.late.C:
			w.settle(ctx, errNoAnswer)
		case o := <-w.done:
			if err := w.settled(o); err != nil {
				return err
			}
		case at := <-w.archived:
			w.at = at
			w.forget()
		case now := <-tick.C:
			w.beat(now)
		}
	}
}

// gather takes what else has come.
func (w *writer) gather() {
	for {
		select {
		case r := <-w.requests:
			w.ready = append(w.ready, r)
		default:
			return
		}
	}
}

// commit decides all that is ready and starts to store it.
func (w *writer) commit(ctx context.Context) {
	b := newBatch(time.Now())
	ready := w.ready
	w.ready = nil
	for i, r := range ready {
		// What a command makes is at most twice its size: a text may be all
		// mentions.
		if b.bytes > 0 && b.bytes+2*proto.Size(r.command) > recordBytes {
			w.ready = append(w.ready, ready[i:]...)
			break
		}
		w.decide(b, r)
	}
	for _, e := range b.used {
		e.facts.Sent, e.asked = nil, nil
	}
	if b.empty() {
		w.answer(b)
		w.release(b)
		return
	}
	b.record.Epoch, b.record.TimeMs = w.epoch(), b.now.UnixMilli()
	w.store(ctx, b)
}

// doubted keeps the later of two doubts: its proof settles both.
func (w *writer) doubted(sent time.Time) {
	if !w.doubt.IsZero() {
		w.lease.covered()
	}
	if sent.After(w.doubt) {
		w.doubt = sent
	}
}

// prove stores an empty record: it can only be stored if nobody else has
// written.
func (w *writer) prove(ctx context.Context) {
	b := newBatch(time.Now())
	b.proves, w.doubt = w.doubt, time.Time{}
	b.record.Epoch, b.record.TimeMs = w.epoch(), b.now.UnixMilli()
	w.store(ctx, b)
}

func (w *writer) store(ctx context.Context, b *batch) {
	w.pending = b
	b.appending(w.partition)
	if plant.In(plant.AckBeforeAppend) {
		w.answer(b)
		b.answers = nil
	}
	w.late.Reset(w.journal.timeout())
	if err := w.journal.begin(b.record); err != nil {
		w.settle(ctx, err)
	}
}

// stopped is a timer that does not run.
func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// heard takes an answer of the log: mostly to the append under way, and that it
// is stored.
func (w *writer) heard(ctx context.Context, msg *nats.Msg) error {
	if w.pending == nil {
		return nil
	}
	ours, err := w.journal.heard(msg, w.pending.record)
	switch {
	case !ours:
		return nil
	case err != nil:
		w.settle(ctx, err)
		return nil
	}
	w.late.Stop()
	return w.settled(outcome{fate: stored})
}

// settle finds out, beside the writer, what became of the append under way.
func (w *writer) settle(ctx context.Context, why error) {
	w.late.Stop()
	w.journal.acks.giveUp()
	b := w.pending
	go func() {
		ctx, cancel := outlive(ctx, drainFor)
		defer cancel()
		fate, err := w.journal.settle(b.named(ctx), b.record, why)
		w.done <- outcome{fate, err}
	}()
}

// answer tells everyone of the batch what became of it. What appended nothing
// is only true while no other owner can exist.
func (w *writer) answer(b *batch) {
	durability := w.durability()
	for _, a := range b.answers {
		if b.empty() && !w.lease.holds() {
			a.answer(refusedCommand(unavailable("this server may not own the room any more; try again")))
			continue
		}
		a.reply.Durability = durability
		a.answer(a.reply)
	}
}

// settled goes on after an append.
func (w *writer) settled(o outcome) error {
	b := w.pending
	w.pending = nil
	switch {
	case o.err != nil:
		b.appended("unknown")
		w.metrics.given.WithLabelValues(lostToSilence).Inc()
		return fmt.Errorf("partition %d: %w", w.partition, o.err)
	case o.fate == superseded:
		b.appended("superseded")
		w.metrics.given.WithLabelValues(lostToAnother).Inc()
		return fmt.Errorf("partition %d: %w", w.partition, errSuperseded)
	case o.fate == lost:
		b.appended("lost")
		if !b.proves.IsZero() {
			w.doubted(b.proves)
		}
		w.undo(b)
		return nil
	}
	b.appended("")
	if !b.proves.IsZero() {
		w.lease.proved(b.proves)
	}
	w.show(b)
	w.answer(b)
	w.release(b)
	return nil
}

// show makes a stored record known: to who listens, and to those who ask later.
func (w *writer) show(b *batch) {
	w.metrics.committed(len(b.record.GetEvents()), time.Since(b.now))
	w.remember(b.record, b.now.Add(headsFor))
	for _, e := range b.record.GetEvents() {
		entry := b.used[e.GetRoom()]
		w.rooms.events += entry.recent.add(e)
		w.touched.event(entry.state, e)
	}
	w.publish.record(w.epoch(), b.record, b.origins)
	faultpoint.Hit(faultpoint.AfterPublish)
	w.backlog.put(b.record)
}

// remember keeps what a stored record tells, until the store has it and for as
// long as heads and retries need.
func (w *writer) remember(r *chatv1.LogRecord, say time.Time) {
	w.tail.add(r)
	for _, e := range r.GetEvents() {
		w.heads.add(e, say)
	}
	w.memory.replay(r)
}

// release lets the rooms of a batch be shown again.
func (w *writer) release(b *batch) {
	for _, e := range b.used {
		e.touched = false
		questions := e.questions
		e.questions = nil
		for _, ask := range questions {
			w.withEntry(e, ask)
		}
		if !e.loading {
			e.state.Forget(keptIDs, w.stored(e))
		}
		w.dropAbsent(e)
	}
	w.rooms.shrink()
}

// stored is the room's last seq that the store has.
func (w *writer) stored(e *entry) uint32 {
	if first, forgotten := w.tail.first[e.id]; forgotten {
		return first - 1
	}
	if waiting := w.tail.byRoom[e.id]; len(waiting) > 0 {
		return waiting[0].GetSeq() - 1
	}
	return e.state.Head
}

// undo forgets the rooms that a lost record touched: they are loaded again, and
// the commands decided anew.
func (w *writer) undo(b *batch) {
	again := make([]*request, 0, len(b.answers)+len(w.ready))
	for _, a := range b.answers {
		again = append(again, a.request)
	}
	w.ready = append(again, w.ready...)
	for _, e := range b.used {
		if !e.touched {
			continue
		}
		w.rooms.drop(e)
		w.ready = append(w.ready, e.commands...)
		for _, ask := range e.questions {
			w.withRoom(e.id, ask)
		}
	}
}

// beat is the work of each second.
func (w *writer) beat(now time.Time) {
	w.memory.expire(now)
	partition := strconv.Itoa(w.partition)
	w.metrics.behind.WithLabelValues(partition).Set(float64(w.backlog.size()))
	w.metrics.age.WithLabelValues(partition).Set(w.tail.age(now).Seconds())
	w.metrics.waiting.WithLabelValues(partition).Set(float64(len(w.ready) + len(w.requests)))
	w.rooms.shrink()
	if w.pending != nil && now.Sub(w.pending.now) > attemptFor {
		w.turnAway("the room's log takes nothing just now; try again in a moment")
	}
	if w.lease.holds() {
		w.publish.heads(w.partition, w.heads.messages(w.epoch(), now))
	}
}

// forget drops what the store has, but for the loads under way.
func (w *writer) forget() {
	upTo := w.at
	for _, from := range w.holds {
		upTo = min(upTo, from)
	}
	w.tail.drop(upTo)
}

// stop waits for the append under way, and turns the rest away.
func (w *writer) stop(ctx context.Context) error {
	for w.pending != nil {
		var err error
		select {
		case msg := <-w.journal.acks.came:
			err = w.heard(ctx, msg)
		case <-w.late.C:
			w.settle(ctx, errNoAnswer)
		case o := <-w.done:
			err = w.settled(o)
		}
		if err != nil {
			return err
		}
	}
	w.gather()
	w.turnAway(moving)
	return nil
}

// turnAway answers those who wait undecided: nothing was done for them.
func (w *writer) turnAway(why string) {
	for _, r := range w.ready {
		r.turnAway(why)
	}
	w.ready = nil
}

// drainFor is how long an append may go on after its owner was told to stop.
const drainFor = 3 * time.Second

// outlive is a context that ends a while after another.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(by, cancel) })
	return longer, func() { stop(); cancel() }
}
