package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// Crowd is people who write into one room each, or share rooms, and others who
// read along, through all that happens to natter.
type Crowd struct {
	Senders   []*Sender
	Observers []*Observer
	// Acks of all.
	Acks Acks

	stop        chan struct{}
	writing     *errgroup.Group
	reading     *errgroup.Group
	writingCtx  context.Context
	stopReading context.CancelFunc
}

// CrowdConfig says how large it is.
type CrowdConfig struct {
	// Gateway says where to connect, each time.
	Gateway func() string
	// Token of a user, by name.
	Token func(user string) string
	// Name begins the names of users and rooms.
	Name string
	// Rooms, with so many senders and observers each.
	Rooms, Senders, Observers int
	// Pace is the least time between two messages of one sender.
	Pace time.Duration
}

// Gather has a crowd come in and begin. ctx bounds its life.
func Gather(ctx context.Context, cfg CrowdConfig) (*Crowd, error) {
	c := &Crowd{stop: make(chan struct{})}
	for r := range cfg.Rooms {
		if err := c.furnish(ctx, cfg, fmt.Sprintf("%s-%d", cfg.Name, r)); err != nil {
			return nil, err
		}
	}
	return c, c.begin(ctx)
}

// furnish makes a room and its people.
func (c *Crowd) furnish(ctx context.Context, cfg CrowdConfig, room string) error {
	owner := cfg.Token(room + "-owner")
	o, _, err := client.Resume(ctx, cfg.Gateway, owner, nil, client.Options{})
	if err != nil {
		return err
	}
	defer o.Close()
	reply, err := o.Do(ctx, "createRoom", client.M{"room": room, "name": room, "kind": "PUBLIC"})
	if err != nil || reply.Room == nil {
		return fmt.Errorf("create %s: %s (%w)", room, reply, err)
	}
	for i := range cfg.Senders {
		s := &Sender{Gateway: cfg.Gateway, Room: room, Name: fmt.Sprintf("%s-sender-%d", room, i), Window: 4, Pace: cfg.Pace, Acks: &c.Acks}
		s.Token = cfg.Token(s.Name)
		if err := enter(ctx, cfg.Gateway, s.Token, room); err != nil {
			return err
		}
		c.Senders = append(c.Senders, s)
	}
	for i := range cfg.Observers {
		o := &Observer{Gateway: cfg.Gateway, Room: room, Ready: make(chan struct{}), Token: cfg.Token(fmt.Sprintf("%s-observer-%d", room, i))}
		if err := enter(ctx, cfg.Gateway, o.Token, room); err != nil {
			return err
		}
		c.Observers = append(c.Observers, o)
	}
	return nil
}

// enter makes a user a member, and waits until a new session of theirs has the
// room.
func enter(ctx context.Context, gateway func() string, token, room string) error {
	first, _, err := client.Resume(ctx, gateway, token, nil, client.Options{})
	if err != nil {
		return err
	}
	defer first.Close()
	if reply, err := first.Do(ctx, "join", client.M{"room": room}); err != nil || reply.Room == nil {
		return fmt.Errorf("join %s: %s (%w)", room, reply, err)
	}
	for {
		again, welcome, err := client.Resume(ctx, gateway, token, nil, client.Options{})
		if err != nil {
			return err
		}
		again.Close()
		if slices.ContainsFunc(welcome.Rooms, func(v client.View) bool { return v.Room == room }) {
			return nil
		}
	}
}

func (c *Crowd) begin(ctx context.Context) error {
	reading, stop := context.WithCancel(ctx)
	c.stopReading = stop
	c.reading, reading = errgroup.WithContext(reading)
	for _, o := range c.Observers {
		c.reading.Go(func() error { return o.Run(reading) })
	}
	for _, o := range c.Observers {
		select {
		case <-o.Ready:
		case <-reading.Done():
			return errors.Join(errors.New("the observers did not come in"), c.reading.Wait())
		}
	}
	c.writing, c.writingCtx = errgroup.WithContext(ctx)
	for _, s := range c.Senders {
		c.writing.Go(func() error { return s.Run(c.writingCtx, c.stop) })
	}
	return nil
}

// More waits for so many further acks.
func (c *Crowd) More(count int, within time.Duration) error {
	want := c.Acks.All.Load() + int64(count)
	deadline, tick := time.Now().Add(within), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for c.Acks.All.Load() < want {
		if c.writingCtx.Err() != nil {
			return fmt.Errorf("a sender gave up: %w", c.writing.Wait())
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no %d further acks within %s (%d in all)", count, within, c.Acks.All.Load())
		}
		<-tick.C
	}
	return nil
}

// Finish has every message acked, and seen by those who read; then all leave.
func (c *Crowd) Finish(within time.Duration) error {
	close(c.stop)
	defer c.stopReading()
	deadline := time.After(within)
	written := make(chan error, 1)
	go func() { written <- c.writing.Wait() }()
	select {
	case err := <-written:
		if err != nil {
			return err
		}
	case <-deadline:
		return fmt.Errorf("not all messages were acked within %s", within)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for _, o := range c.Observers {
		for last := c.last(o.Room); !o.Has(last); {
			select {
			case <-tick.C:
			case <-deadline:
				return fmt.Errorf("an observer of %s did not see seq %d within %s", o.Room, last, within)
			}
		}
	}
	c.stopReading()
	return c.reading.Wait()
}

// last is the highest seq that was acked in a room.
func (c *Crowd) last(room string) uint32 {
	last := uint32(0)
	for _, s := range c.Senders {
		for _, shot := range s.Shots {
			if s.Room == room && shot.Ack != nil {
				last = max(last, shot.Ack.Seq)
			}
		}
	}
	return last
}
