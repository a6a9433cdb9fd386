package load

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// Observer is one member of a room who only reads, and comes back with what it
// has each time it is cut off.
type Observer struct {
	// Gateway says where to connect, each time.
	Gateway     func() string
	Token, Room string
	// Obeys: it goes elsewhere when it is asked to, at the moment it was given.
	Obeys bool
	// Ready is closed when the room is live for the first time.
	Ready chan struct{}

	mu   sync.Mutex
	seen map[uint32]string // seq → clientMsgId of all messages
	// Resumes counts how the room went on, by FRESH, COMPLETE, TRUNCATED.
	Resumes map[string]int
}

// Run reads until ctx ends, which is no error. It fails when natter breaks its
// contract: a hole, a doubled event, a reset.
func (o *Observer) Run(ctx context.Context) error {
	o.seen, o.Resumes = map[uint32]string{}, map[string]int{}
	var before *client.Client
	for ready := false; ; ready = true {
		leaving := &departure{}
		c, welcome, err := client.Resume(ctx, o.Gateway, o.Token, before, client.Options{Observe: o.take, Goaway: leaving.told(o.Obeys)})
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("an observer cannot come in: %w", err)
		}
		leaving.of(c)
		if err := o.enter(ctx, c, welcome, before); err != nil {
			c.Close()
			if ctx.Err() != nil || isClosed(err) {
				continue // and resume from where it was before
			}
			return err
		}
		if !ready {
			close(o.Ready)
		}
		_, _ = waitEnd(ctx, c)
		c.Close()
		if err := c.Faults(); err != nil {
			return fmt.Errorf("an observer: %w", err)
		}
		before = c
	}
}

// enter looks at how the room goes on, and reads in pages what is not replayed.
func (o *Observer) enter(ctx context.Context, c *client.Client, welcome *client.Welcome, before *client.Client) error {
	for _, view := range welcome.Rooms {
		if view.Room != o.Room {
			continue
		}
		o.Resumes[view.Resume]++
		switch {
		case view.Resume == "FRESH" && before == nil, view.Resume == "COMPLETE":
			return nil
		case view.Resume == "TRUNCATED":
			return o.fill(ctx, c, before.Seq(o.Room), view.Head)
		}
		return fmt.Errorf("an observer is back, and the room is %s (head %d)", view.Resume, view.Head)
	}
	return fmt.Errorf("an observer is back, and the welcome has no room %s", o.Room)
}

// fill reads all messages after a seq, up to another.
func (o *Observer) fill(ctx context.Context, c *client.Client, after, head uint32) error {
	for after < head {
		reply, err := c.Do(ctx, "messages", client.M{"room": o.Room, "after": after, "limit": 100})
		if err != nil {
			return err
		}
		if reply.Page == nil || len(reply.Page.Messages) == 0 {
			return fmt.Errorf("messages after %d up to %d: %s", after, head, reply)
		}
		o.mu.Lock()
		for _, m := range reply.Page.Messages {
			o.seen[m.Seq] = m.ClientMsgID
			after = m.Seq
		}
		o.mu.Unlock()
	}
	return nil
}

func (o *Observer) take(e *client.Event) {
	if e.Message == nil || e.Room != o.Room {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen[e.Seq] = e.ClientMsgID
}

// Has tells whether the message at a seq was seen.
func (o *Observer) Has(seq uint32) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, has := o.seen[seq]
	return has
}

// Seen are all messages by seq. To be read after Run.
func (o *Observer) Seen() map[uint32]string { return o.seen }

func waitEnd(ctx context.Context, c *client.Client) (*client.Closed, error) {
	for {
		end, err := c.AwaitClose(ctx)
		if err == nil || ctx.Err() != nil {
			return end, err
		}
	}
}

func isClosed(err error) bool {
	var end *client.Closed
	return errors.As(err, &end)
}
