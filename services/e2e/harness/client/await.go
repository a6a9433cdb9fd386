package client

import (
	"context"
	"fmt"
	"strings"
)

// wait waits until condition, called while mu is held, is so.
func (c *Client) wait(ctx context.Context, what string, condition func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, Patience, fmt.Errorf("not within %s", Patience))
	defer cancel()
	for {
		so, news, end, last := c.look(condition)
		switch {
		case so:
			return nil
		case end != nil:
			return fmt.Errorf("%s did not come: %w; %s", what, end, last)
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fmt.Errorf("%s did not come: %w; %s", what, context.Cause(ctx), last)
		}
	}
}

func (c *Client) look(condition func() bool) (so bool, news chan struct{}, end *Closed, last string) {
	c.mu.Lock()
	defer c.mu.Unlock() // the condition is a test's, and may panic
	return condition(), c.news, c.end, c.last(5)
}

// last are the newest frames, for messages.
func (c *Client) last(most int) string {
	if len(c.frames) == 0 {
		return "no frame came at all"
	}
	lines := []string{"the last frames were"}
	for _, frame := range c.frames[max(0, len(c.frames)-most):] {
		lines = append(lines, frame.String())
	}
	return strings.Join(lines, "\n  ")
}

// Mark is the number of frames that came so far, for [Client.Await].
func (c *Client) Mark() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.frames)
}

// Await waits for a frame that came after the mark, replies too.
func (c *Client) Await(ctx context.Context, what string, mark int, match func(Frame) bool) (Frame, error) {
	var found Frame
	err := c.wait(ctx, what, func() bool {
		for ; mark < len(c.frames); mark++ {
			if match(c.frames[mark]) {
				found = c.frames[mark]
				return true
			}
		}
		return false
	})
	return found, err
}

// AwaitSeq waits until the room's events came up to seq.
func (c *Client) AwaitSeq(ctx context.Context, room string, seq uint32) error {
	return c.wait(ctx, fmt.Sprintf("seq %d of %s", seq, room), func() bool {
		at := c.rooms[room]
		return at != nil && at.next > seq
	})
}

// AwaitClose waits until the connection is closed.
func (c *Client) AwaitClose(ctx context.Context) (*Closed, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, Patience, fmt.Errorf("not closed within %s", Patience))
	defer cancel()
	for {
		c.mu.Lock()
		end, news := c.end, c.news
		c.mu.Unlock()
		if end != nil {
			return end, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Since are the frames that came after the mark.
func (c *Client) Since(mark int) []Frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Frame(nil), c.frames[mark:]...)
}

// Events are all events of a room that came after the mark.
func (c *Client) Events(room string, mark int) []*Event {
	var events []*Event
	for _, frame := range c.Since(mark) {
		if frame.Event != nil && frame.Event.Room == room {
			events = append(events, frame.Event)
		}
	}
	return events
}
