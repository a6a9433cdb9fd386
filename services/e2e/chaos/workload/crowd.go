package workload

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// Config of a crowd.
type Config struct {
	// Seed of all dice.
	Seed uint64
	// Users, at least four. Every third has two devices.
	Users int
	// Pace is about how long a device waits between two requests.
	Pace time.Duration
	// Gateways, as clients reach them.
	Gateways []string
	// Token of a user.
	Token func(user string) string
	// Recorder takes all of it.
	Recorder *history.Recorder
}

// Crowd is all people of a run.
type Crowd struct {
	cfg     Config
	devices []*device
	acked   atomic.Int64
	resumed atomic.Int64
	heads   sync.Map      // by room, *atomic.Uint32
	stop    chan struct{} // closed: nothing new is begun
	cancel  context.CancelFunc
	work    sync.WaitGroup
}

// Gather makes the rooms and has everybody come in. The crowd lives as long as
// ctx, or until Close.
func Gather(ctx context.Context, cfg Config) (*Crowd, error) {
	c := &Crowd{cfg: cfg, stop: make(chan struct{})}
	ctx, c.cancel = context.WithCancel(ctx)
	for u := range cfg.Users {
		for n := range 1 + (u+1)%3/2 {
			c.devices = append(c.devices, newDevice(c, u, n))
		}
	}
	if err := c.furnish(ctx); err != nil {
		c.cancel()
		return nil, fmt.Errorf("the rooms cannot be made: %w", err)
	}
	for _, d := range c.devices {
		c.work.Go(func() { d.run(ctx) })
	}
	return c, nil
}

// user is a name by number.
func user(n int) string { return fmt.Sprintf("user-%d", n) }

// furnish makes the rooms, each by its owner.
func (c *Crowd) furnish(ctx context.Context) error {
	var members []string
	for u := range c.cfg.Users {
		members = append(members, user(u))
	}
	for _, r := range rooms() {
		d := newDevice(c, r.owner, 9)
		if err := d.furnish(ctx, r, members); err != nil {
			return err
		}
	}
	return nil
}

// Acked counts the acks so far.
func (c *Crowd) Acked() int64 { return c.acked.Load() }

func (c *Crowd) ack(a *client.Ack) {
	c.acked.Add(1)
	c.reached(a.Room, a.Seq)
}

// reached notes how far a room goes.
func (c *Crowd) reached(room string, seq uint32) {
	known, _ := c.heads.LoadOrStore(room, &atomic.Uint32{})
	for head := known.(*atomic.Uint32); ; {
		if at := head.Load(); at >= seq || head.CompareAndSwap(at, seq) {
			return
		}
	}
}

// Head is how far a room is known to go; 0: nothing is known.
func (c *Crowd) Head(room string) uint32 {
	if known, there := c.heads.Load(room); there {
		return known.(*atomic.Uint32).Load()
	}
	return 0
}

// Resumed counts the connections that took up where another was.
func (c *Crowd) Resumed() int64 { return c.resumed.Load() }

// More waits for so many further acks.
func (c *Crowd) More(ctx context.Context, count int, within time.Duration) error {
	want := c.Acked() + int64(count)
	return until(ctx, within, fmt.Sprintf("%d further acks", count), func() bool { return c.Acked() >= want })
}

// Return waits until somebody has come back, of those whom faults or they
// themselves cut off.
func (c *Crowd) Return(ctx context.Context, within time.Duration) error {
	return until(ctx, within, "a resume", func() bool { return c.Resumed() > 0 })
}

// Settle begins nothing new, and waits until all that was begun has its answer.
func (c *Crowd) Settle(ctx context.Context, within time.Duration) error {
	close(c.stop)
	return until(ctx, within, "the answers to all that was sent", func() bool {
		for _, d := range c.devices {
			if !d.settled() {
				return false
			}
		}
		return true
	})
}

// Leave has the last user go for good.
func (c *Crowd) Leave() {
	for _, d := range c.devices {
		if d.number == c.cfg.Users-1 {
			d.leave()
		}
	}
}

// CatchUp waits until every device that is here has every room up to its head.
func (c *Crowd) CatchUp(ctx context.Context, heads map[string]uint32, within time.Duration) error {
	return until(ctx, within, "everybody's rooms up to their heads", func() bool {
		for _, d := range c.devices {
			if !d.has(heads) {
				return false
			}
		}
		return true
	})
}

// Close ends all connections.
func (c *Crowd) Close() {
	c.cancel()
	c.work.Wait()
}

// dice of a device, or of anything else that has a number.
func dice(seed, number uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, number)) }

// until waits for a condition.
func until(ctx context.Context, within time.Duration, what string, is func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, errors.New("not within "+within.String()))
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not come: %w", what, context.Cause(ctx))
		case <-tick.C:
		}
	}
	return nil
}
