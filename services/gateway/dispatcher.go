package gateway

import (
	"context"
	"fmt"
	"hash/maphash"
	"runtime"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/natter-chat/natter/services/internal/direct"
)

const (
	// workerQueue is how many messages may wait for one worker. Beyond that
	// NATS drops the newest, and the feeds repair.
	workerQueue = 1 << 15
	// workerBatch is how many messages are handled before what they made is
	// flushed, if so many wait.
	workerBatch = 256
)

// handler takes one message. It runs in a worker, so it must not wait; flushes
// that it owes it leaves to d.
type handler func(msg *nats.Msg, d *dirty)

// task is something else to do for a worker, under the same conditions.
type task func(d *dirty)

// dispatcher brings messages of NATS to their handlers. There is a worker per
// processor, each with one channel into which NATS delivers for all of the
// worker's subscriptions: what concerns one room is handled in order, by one
// worker, without a goroutine or a channel per room.
type dispatcher struct {
	nc       *nats.Conn
	exchange *direct.Exchange // nil: all comes by NATS
	seed     maphash.Seed
	workers  []*worker
}

// worker handles the messages of its subscriptions one after another, in
// batches, each with one flush at its end.
type worker struct {
	inbox    string // subjects below it are answers to commands
	answered func(token string, msg *nats.Msg, d *dirty)
	messages chan *nats.Msg
	inside   chan task // what did not come by NATS
	dropped  func()    // is told of a message that had no room; it does not wait

	mu       sync.RWMutex
	handlers map[string]*subscription // by subject
}

// subscription is one subject followed.
type subscription struct {
	worker  *worker
	subject string
	handle  handler
	sub     *nats.Subscription
	stop    func() // where it does not come by NATS
}

func newDispatcher(nc *nats.Conn, x *direct.Exchange, dropped func()) *dispatcher {
	d := &dispatcher{nc: nc, exchange: x, seed: maphash.MakeSeed()}
	for range max(2, runtime.GOMAXPROCS(0)) {
		d.workers = append(d.workers, &worker{
			inbox: nc.NewInbox() + ".", messages: make(chan *nats.Msg, workerQueue), inside: make(chan task, workerQueue), dropped: dropped, handlers: map[string]*subscription{},
		})
	}
	return d
}

// worker is the one that handles all that concerns a room or a user.
func (d *dispatcher) worker(key string) int {
	return int(maphash.String(d.seed, key) % uint64(len(d.workers)))
}

// subscribe follows a subject; its messages go to the worker of key. The
// server knows of it before anything that is published afterwards on the same
// connection, since it reads the connection in order: so no flush is needed
// before a question that goes by NATS. One that goes by the exchange may be
// answered before; a notice of that moment is lost, as any may be.
func (d *dispatcher) subscribe(subject, key string, handle handler) (*subscription, error) {
	s := d.handled(subject, key, handle)
	sub, err := d.nc.ChanSubscribe(subject, s.worker.messages)
	if err != nil {
		s.close()
		return nil, fmt.Errorf("follow %s: %w", subject, err)
	}
	s.sub = sub
	return s, nil
}

// handled has the worker of key handle what comes of a subject.
func (d *dispatcher) handled(subject, key string, handle handler) *subscription {
	w := d.workers[d.worker(key)]
	s := &subscription{worker: w, subject: subject, handle: handle}
	w.mu.Lock()
	w.handlers[subject] = s
	w.mu.Unlock()
	return s
}

// subscribeDirect follows a subject of which all that is published is told in
// this process, too, if there is an exchange; else it is as subscribe.
func (d *dispatcher) subscribeDirect(subject, key string, handle handler, told func(direct.Message, *dirty)) (*subscription, error) {
	if d.exchange == nil {
		return d.subscribe(subject, key, handle)
	}
	s := &subscription{worker: d.workers[d.worker(key)], subject: subject}
	s.stop = d.exchange.Follow(subject, func(m direct.Message) { s.worker.offer(func(d *dirty) { told(m, d) }) })
	return s, nil
}

// close ends it. A message that is under way may still come.
func (s *subscription) close() {
	if s.stop != nil {
		s.stop()
	}
	if s.sub != nil {
		_ = s.sub.Unsubscribe() // fails only where the connection has ended, and the subscription with it
	}
	s.worker.mu.Lock()
	defer s.worker.mu.Unlock()
	if s.worker.handlers[s.subject] == s { // it may have been followed anew
		delete(s.worker.handlers, s.subject)
	}
}

// follow makes the answers to commands come, until the connection ends.
func (d *dispatcher) follow() error {
	for _, w := range d.workers {
		if _, err := d.nc.ChanSubscribe(w.inbox+"*", w.messages); err != nil {
			return fmt.Errorf("follow the answers to commands: %w", err)
		}
	}
	return nil
}

// run works until ctx ends.
func (d *dispatcher) run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, w := range d.workers {
		wg.Go(func() { w.run(ctx) })
	}
	wg.Wait()
}

func (w *worker) run(ctx context.Context) {
	var d dirty
	for {
		select {
		case <-ctx.Done():
			return
		case msg := <-w.messages:
			w.handle(msg, &d)
		case do := <-w.inside:
			do(&d)
		}
		w.batch(&d)
		d.flush()
	}
}

// offer has something done behind what waits; it is dropped where NATS would drop
// a message.
func (w *worker) offer(do task) {
	select {
	case w.inside <- do:
	default:
		w.dropped()
	}
}

// batch handles what waits already.
func (w *worker) batch(d *dirty) {
	for range workerBatch {
		select {
		case msg := <-w.messages:
			w.handle(msg, d)
		case do := <-w.inside:
			do(d)
		default:
			return
		}
	}
}

func (w *worker) handle(msg *nats.Msg, d *dirty) {
	if token, ok := strings.CutPrefix(msg.Subject, w.inbox); ok {
		w.answered(token, msg, d)
		return
	}
	w.mu.RLock()
	s := w.handlers[msg.Subject]
	w.mu.RUnlock()
	if s != nil {
		s.handle(msg, d)
	}
}
