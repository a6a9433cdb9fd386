// Package load makes messages without end, through every failure, and keeps
// what it was promised.
package load

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// Shot is one message, and what was promised of it.
type Shot struct {
	ID, Text string
	// Attempts that were made.
	Attempts int
	// Ack is nil as long as there is none.
	Ack *client.Ack
	// First sent and acked at these times.
	First, AckedAt time.Time

	fired time.Time // last
}

// Silence is a request that got no answer within [client.Patience], though its
// connection stayed open: whoever sent it went elsewhere.
type Silence struct {
	// Shot is the id of the message.
	Shot string
	// From its send until it was given up.
	From, To time.Time
}

// Acks counts acks.
type Acks struct {
	// All of them, and those that claim more than OS.
	All, Synced atomic.Int64
}

func (a *Acks) count(ack *client.Ack) {
	a.All.Add(1)
	if ack.Durability != "OS" {
		a.Synced.Add(1)
	}
}

// Sender is one user who sends messages into one room: several under way, each
// again and again, with the same id, until it is acked.
type Sender struct {
	// Gateway says where to connect, each time.
	Gateway func() string
	// Token of the user, who is a member of Room.
	Token, Room string
	// Name begins the ids of the messages.
	Name string
	// Window is how many may be under way.
	Window int
	// Pace is the least time between two new messages.
	Pace time.Duration
	// Acks counts those of all senders.
	Acks *Acks

	// Shots are all messages, in the order in which they were first sent. To
	// be read after Run.
	Shots []*Shot
	// Unordered: a send was refused as UNAVAILABLE while later ones were under
	// way, so the order of sending is not the room's. To be read after Run.
	Unordered bool
	// Connections that were made.
	Connections int
	// Silences are the connections that stayed open without an answer. To be
	// read after Run.
	Silences []Silence

	waiting []*Shot
}

// Run sends until stop is closed, and then until all is acked. It fails when
// ctx ends before, or when natter breaks its contract.
func (s *Sender) Run(ctx context.Context, stop <-chan struct{}) error {
	for {
		c, _, err := client.Resume(ctx, s.Gateway, s.Token, nil, client.Options{Observe: func(*client.Event) {}})
		if err != nil {
			return fmt.Errorf("%s cannot come in: %w", s.Name, err)
		}
		s.Connections++
		err = s.session(ctx, c, stop)
		c.Close()
		if faults := c.Faults(); faults != nil {
			return fmt.Errorf("%s: %w", s.Name, faults)
		}
		var lost *lostError
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &lost):
			return fmt.Errorf("%s: %w", s.Name, err)
		case ctx.Err() != nil:
			return fmt.Errorf("%s has %d messages without an ack: %w", s.Name, len(s.waiting), err)
		}
	}
}

// lostError is the loss of a connection: no fault.
type lostError struct{ err error }

func (l *lostError) Error() string { return l.err.Error() }

// session sends over one connection: first again what has no ack.
func (s *Sender) session(ctx context.Context, c *client.Client, stop <-chan struct{}) error {
	ids := make([]uint32, 0, s.Window)
	for _, shot := range s.waiting {
		id, err := s.fire(c, shot)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	pace := time.NewTicker(s.Pace)
	defer pace.Stop()
	for {
		for len(s.waiting) < s.Window && !closed(stop) {
			shot := s.next()
			id, err := s.fire(c, shot)
			if err != nil {
				return err
			}
			ids = append(ids, id)
			<-pace.C
		}
		if len(s.waiting) == 0 {
			return nil
		}
		again, err := s.settle(ctx, c, ids[0])
		switch {
		case err != nil:
			return err
		case again:
			if ids[0], err = s.fire(c, s.waiting[0]); err != nil {
				return err
			}
		default:
			s.waiting, ids = s.waiting[1:], ids[1:]
		}
	}
}

func (s *Sender) next() *Shot {
	n := len(s.Shots)
	shot := &Shot{ID: fmt.Sprintf("%s-%d", s.Name, n), Text: fmt.Sprintf("message %d of %s", n, s.Name), First: time.Now()}
	s.Shots = append(s.Shots, shot)
	s.waiting = append(s.waiting, shot)
	return shot
}

func (s *Sender) fire(c *client.Client, shot *Shot) (uint32, error) {
	shot.Attempts++
	shot.fired = time.Now()
	id, err := c.Post("send", client.M{"room": s.Room, "clientMsgId": shot.ID, "text": shot.Text, "attempt": shot.Attempts})
	if err != nil {
		return 0, &lostError{err}
	}
	return id, nil
}

// settle waits for the answer to the oldest message, and tells whether it must
// be sent again.
func (s *Sender) settle(ctx context.Context, c *client.Client, id uint32) (again bool, err error) {
	reply, err := c.Reply(ctx, id)
	shot := s.waiting[0]
	var end *client.Closed
	switch {
	case err != nil:
		if ctx.Err() == nil && !errors.As(err, &end) {
			s.Silences = append(s.Silences, Silence{shot.ID, shot.fired, time.Now()})
		}
		return false, &lostError{err}
	case reply.Ack != nil:
		shot.Ack, shot.AckedAt = reply.Ack, time.Now()
		s.Acks.count(reply.Ack)
		return false, nil
	case reply.Error != nil && (reply.Error.Code == "UNAVAILABLE" || reply.Error.Code == "RATE_LIMITED"):
		s.Unordered = true
		return true, nil
	}
	return false, fmt.Errorf("%s, attempt %d, was answered with %s", shot.ID, shot.Attempts, reply)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
