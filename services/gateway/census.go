package gateway

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// censusAtOnce bounds the questions of a census at a time.
	censusAtOnce = 4
	// censusEvery is the least time between two.
	censusEvery = time.Second
)

// census compares the rooms that are live with those that history knows of.
// Heads say for some seconds who came into a room; a gateway that was deaf for
// longer would never hear of it.
type census struct {
	gateway *Gateway

	mu       sync.Mutex
	underWay bool
	again    bool
}

// soon has it taken, once for all who ask meanwhile.
func (c *census) soon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.underWay {
		c.again = true
		return
	}
	c.underWay = true
	c.gateway.background(c.run)
}

func (c *census) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(censusEvery/2 + rand.N(censusEvery/2)):
		}
		c.mu.Lock()
		c.again = false
		c.mu.Unlock()
		c.take(ctx)
		if !c.taken() {
			return
		}
	}
}

// taken tells whether somebody has asked for another one.
func (c *census) taken() (again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.underWay = c.again
	return c.again
}

// take asks for the rooms of everybody who is here.
func (c *census) take(ctx context.Context) {
	var group errgroup.Group
	group.SetLimit(censusAtOnce)
	for _, user := range c.gateway.users.ids() {
		group.Go(func() error {
			c.gateway.lookFor(ctx, user)
			return nil
		})
	}
	_ = group.Wait()
}

// lookFor makes rooms live of which a user became a member unnoticed. A failure
// is logged: it is tried again after the next loss.
func (g *Gateway) lookFor(ctx context.Context, user string) {
	ctx, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	rooms, err := g.questions.rooms(ctx, user, roomsAsked)
	if err != nil {
		if g.life.Err() == nil {
			g.log.Warn("a user's rooms could not be looked up", "user", user, "error", err)
		}
		return
	}
	for _, room := range rooms.GetRooms() {
		g.membership(user, room, true, 1) // not live again where the client unwatched it
	}
}
