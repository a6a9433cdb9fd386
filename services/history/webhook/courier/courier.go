// Package courier delivers what happens in one partition's rooms to one
// webhook. How it keeps the order and loses nothing is in package webhook.
package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/webhook"
	"github.com/natter-chat/natter/services/history/webhook/ledger"
	"github.com/natter-chat/natter/services/history/webhook/post"
	"github.com/natter-chat/natter/services/history/webhook/shelf"
)

const (
	// maxRooms that are behind at once; more wait in the log.
	maxRooms = 10_000
	// atOnce is how many deliveries are under way.
	atOnce = 4
	// endWithin bounds what is still written when the partition is given up.
	endWithin = time.Second
	// MaxDead is how many dead letters of one webhook and partition are kept.
	MaxDead = 1000
)

// Rooms is where a room's events are asked for.
type Rooms interface {
	// Events are those after a seq, as they may be shown now, with the room's
	// head and the epoch. A room that is not there has the head 0.
	Events(ctx context.Context, room string, after uint32, limit int) (head uint32, epoch uint64, events []*chatv1.Event, err error)
}

// Config of a courier.
type Config struct {
	Hook      shelf.Hook
	Partition int
	// Log is the partition's.
	Log    jetstream.Stream
	Shelf  *shelf.Shelf
	Post   *post.Client
	Rooms  Rooms
	Policy ledger.Policy
	// Disable disables the webhook, saying why; gap: its place in the log is lost.
	Disable func(ctx context.Context, because string, gap bool) error
	Metrics *Metrics
	Logger  *slog.Logger
}

// Courier of one webhook in one partition. Make it with New, then Run it once.
type Courier struct {
	Config
	selection webhook.Selection
	ledger    *ledger.Ledger
	unacked   map[uint64]jetstream.Msg
	next      uint64 // the sequence that the log brings next
	worked    chan worked
	redone    chan struct{}
	redo      []shelf.Dead
	redoing   bool
	dead      int // dead letters, about
	mu        sync.Mutex
}

// New makes a courier.
func New(cfg Config) *Courier {
	return &Courier{
		Config: cfg, selection: cfg.Hook.Selection(), ledger: ledger.New(maxRooms, atOnce), unacked: map[uint64]jetstream.Msg{},
		worked: make(chan worked), redone: make(chan struct{}),
	}
}

// Run delivers until ctx ends, or the log has to be followed anew.
func (c *Courier) Run(ctx context.Context) error {
	consumer, err := c.takeOver(ctx)
	if lost := (*GapError)(nil); errors.As(err, &lost) {
		return errors.Join(err, c.Disable(ctx, lost.Error(), true))
	}
	if err != nil {
		return err
	}
	rooms, err := c.Shelf.Rooms(ctx, c.Hook.ID, c.Partition)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		if c.selection.Room(r.Room) {
			c.ledger.Restore(r)
		} else if err := c.Shelf.DropRoom(ctx, c.Hook.ID, c.Partition, r); err != nil {
			return err
		}
	}
	dead, err := c.Shelf.Dead(ctx, c.Hook.ID, c.Partition)
	if err != nil {
		return err
	}
	c.buried(len(dead))
	defer c.Metrics.forget(c.Hook.ID, c.Partition)
	return c.deliver(ctx, consumer)
}

// deliver is the loop of the courier. What comes of deliveries that are under
// way when it ends nobody knows; they come again.
func (c *Courier) deliver(ctx context.Context, consumer jetstream.Consumer) error {
	running, stop := context.WithCancelCause(ctx)
	records, wanted := make(chan record), make(chan shelf.Dead)
	var beside sync.WaitGroup
	beside.Go(func() { stop(c.read(running, consumer, records)) })
	beside.Go(func() {
		if err := c.Shelf.FollowDead(running, c.Hook.ID, c.Partition, func(d shelf.Dead) {
			select {
			case wanted <- d:
			case <-running.Done():
			}
		}); err != nil {
			stop(err)
		}
	})
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for running.Err() == nil {
		c.begin(running)
		c.step(running, records, wanted, tick.C)
	}
	stop(nil)
	c.end()
	beside.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return context.Cause(running)
}

// begin begins what is due.
func (c *Courier) begin(ctx context.Context) {
	for {
		r, due := c.ledger.Next(time.Now())
		if !due {
			break
		}
		go func() { c.worked <- c.work(ctx, r) }()
	}
	if len(c.redo) > 0 && !c.redoing {
		d := c.redo[0]
		c.redo, c.redoing = c.redo[1:], true
		go func() {
			c.tryAgain(ctx, d)
			c.redone <- struct{}{}
		}()
	}
}

// step waits for one thing, and takes it.
func (c *Courier) step(ctx context.Context, records <-chan record, wanted <-chan shelf.Dead, tick <-chan time.Time) {
	var due <-chan time.Time
	if wait, some := c.ledger.Wait(time.Now()); some {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		due = timer.C
	}
	if c.ledger.Full() {
		records = nil
	}
	select {
	case <-ctx.Done():
	case <-due:
	case r := <-records:
		c.take(r)
	case w := <-c.worked:
		c.ledger.Settle(w.room, w.outcome, w.ended, time.Now())
	case d := <-wanted:
		c.redo = append(c.redo, d)
	case <-c.redone:
		c.redoing = false
	case <-tick:
		c.keep(ctx, c.ledger.Late(time.Now(), false))
		c.ledger.Tidy(time.Now())
		c.tell()
	}
	c.ack()
}

// take takes a record of the log.
func (c *Courier) take(r record) {
	if r.Sequence < c.next { // again: an ack was lost, or it waits for long
		if _, waits := c.unacked[r.Sequence]; !waits {
			_ = r.msg.Ack() // it comes once more if this is lost, too
			return
		}
		c.unacked[r.Sequence] = r.msg
		return
	}
	c.next = r.Sequence + 1
	c.unacked[r.Sequence] = r.msg
	c.ledger.Take(r.Record, time.Now())
}

// ack acks what is done with.
func (c *Courier) ack() {
	for _, sequence := range c.ledger.Done() {
		_ = c.unacked[sequence].Ack() // it comes once more if this is lost
		delete(c.unacked, sequence)
	}
}

// keep gives rooms a place in the bucket.
func (c *Courier) keep(ctx context.Context, rooms []ledger.Room) {
	for _, r := range rooms {
		revision, err := c.Shelf.KeepRoom(ctx, c.Hook.ID, c.Partition, r)
		if err != nil {
			c.Logger.Warn("a webhook's place could not be kept, trying again", "webhook", c.Hook.ID, "room", r.Room, "error", err)
			return
		}
		c.ledger.Kept(r.Room, revision)
	}
}

// end takes back what is lent, and leaves to the next courier as little as
// possible to do again.
func (c *Courier) end() {
	for c.ledger.Lent() > 0 || c.redoing {
		select {
		case w := <-c.worked:
			c.ledger.Settle(w.room, w.outcome, w.ended, time.Now())
		case <-c.redone:
			c.redoing = false
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	c.keep(ctx, c.ledger.Late(time.Now(), true))
	done := c.ledger.Done()
	for i, sequence := range done {
		if i < len(done)-1 {
			_ = c.unacked[sequence].Ack()
		} else {
			_ = c.unacked[sequence].DoubleAck(ctx) // and all before it, by then
		}
	}
}

// tell sets the gauges.
func (c *Courier) tell() {
	rooms, events, since := c.ledger.Behind()
	c.mu.Lock()
	dead := c.dead
	c.mu.Unlock()
	c.Metrics.tell(c.Hook.ID, c.Partition, rooms, events, since, dead)
}

// buried counts dead letters.
func (c *Courier) buried(n int) (now int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead += n
	return c.dead
}

// GapError says that the log does not reach back to where the deliveries of a
// webhook stood.
type GapError struct {
	Partition int
	// From and To are the sequences that are missing; 0, 0: it is another log.
	From, To uint64
}

func (e *GapError) Error() string {
	if e.To == 0 {
		return fmt.Sprintf("the log of partition %d is another one than that of which deliveries were made", e.Partition)
	}
	return fmt.Sprintf("the log of partition %d begins after what was delivered: records %d to %d are missing", e.Partition, e.From, e.To)
}
