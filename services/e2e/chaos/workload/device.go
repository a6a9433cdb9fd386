package workload

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// device is one client of a user's, which comes back whenever it is cut off,
// and goes on from where it was.
type device struct {
	crowd  *Crowd
	number int // of the user
	user   string
	name   string
	dice   *rand.Rand
	before *client.Client // the last that came in; nil: none

	mu      sync.Mutex
	now     *client.Client // nil while it is away
	idle    bool           // nothing waits for an answer, and nothing new is begun
	left    bool           // for good
	gaps    bool           // a room was taken away for want of an answer
	recent  map[string][]*client.Event
	waiting []*shot
	shots   int
}

// recently is how many messages of a room a device remembers.
const recently = 12

func newDevice(c *Crowd, number, n int) *device {
	return &device{
		crowd: c, number: number, user: user(number), name: fmt.Sprintf("%s-%c", user(number), 'a'+n),
		dice: dice(c.cfg.Seed, uint64(1+number*16+n)), recent: map[string][]*client.Event{},
	}
}

// run lives until ctx ends or the device leaves.
func (d *device) run(ctx context.Context) {
	for ctx.Err() == nil && !d.isGone() {
		c, conn, err := d.comeIn(ctx)
		if err != nil {
			return
		}
		d.set(c)
		d.work(ctx, c)
		d.set(nil)
		d.goOut(c, conn)
	}
}

func (d *device) set(c *client.Client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = c
	if c != nil {
		d.before = c
	}
}

// comeIn connects to any gateway until one lets it in, or ctx ends.
func (d *device) comeIn(ctx context.Context) (*client.Client, *history.Connection, error) {
	for {
		d.mu.Lock()
		d.gaps = false
		d.mu.Unlock()
		conn := d.crowd.cfg.Recorder.Open(d.user, d.name)
		c, err := d.dial(ctx, conn)
		if err == nil {
			return c, conn, nil
		}
		conn.Closed(err.Error())
		var refusal *client.Error
		if errors.As(err, &refusal) && refusal.Code != "UNAVAILABLE" && refusal.Code != "RATE_LIMITED" {
			conn.Broke("the hello was refused: " + refusal.Error())
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(50*time.Millisecond + rand.N(200*time.Millisecond)):
		}
	}
}

func (d *device) dial(ctx context.Context, conn *history.Connection) (*client.Client, error) {
	gateways := d.crowd.cfg.Gateways
	c, err := client.Dial(ctx, gateways[d.dice.IntN(len(gateways))], client.Options{Observe: d.saw, Tap: func(sent bool, frame []byte) {
		conn.Frame(sent, frame)
		if !sent {
			d.heard(frame)
		}
	}})
	if err != nil {
		return nil, err
	}
	hello := client.M{"token": d.crowd.cfg.Token(d.user)}
	if d.before != nil {
		hello["epoch"], hello["resume"] = d.before.Epoch(), d.before.Positions()
		d.crowd.resumed.Add(1)
	}
	if _, err := c.Hello(ctx, hello); err != nil {
		d.goOut(c, conn)
		return nil, err
	}
	return c, nil
}

// goOut ends a connection, and tells of what was wrong on it.
func (d *device) goOut(c *client.Client, conn *history.Connection) {
	_ = c.Close() // it may be closed
	end, err := c.AwaitClose(context.Background())
	if err != nil {
		conn.Broke("the connection did not end: " + err.Error())
		return
	}
	if faults := c.Faults(); faults != nil {
		conn.Broke(faults.Error())
	}
	conn.Closed(end.Error())
}

// saw takes an event.
func (d *device) saw(e *client.Event) {
	d.crowd.reached(e.Room, e.Seq)
	if e.Message == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := append(d.recent[e.Room], e)
	d.recent[e.Room] = seen[max(0, len(seen)-recently):]
}

func (d *device) isGone() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.left
}

// leave ends it for good.
func (d *device) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = true
	if d.now != nil {
		_ = d.now.Close()
	}
}

func (d *device) settled() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.idle
}

// has tells whether the device has all rooms of its own up to their heads.
func (d *device) has(heads map[string]uint32) bool {
	d.mu.Lock()
	now, left := d.now, d.left
	d.mu.Unlock()
	if left {
		return true
	}
	if now == nil {
		return false
	}
	for room, head := range heads {
		if now.Live(room) && now.Seq(room) < head {
			return false
		}
	}
	return true
}
