// Package nemesis breaks natter while people talk: its processes, its network,
// its database and its NATS servers, one after another, by dice.
package nemesis

import (
	"context"
	"math/rand/v2"
	"time"
)

// Fault is one thing that may happen. Happen returns when it is over, and all
// runs again.
type Fault struct {
	Name   string
	Happen func(ctx context.Context, dice *rand.Rand) error
}

// moment is a time from least to most.
func moment(dice *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(dice.Int64N(int64(most-least)))
}

// pass lets time pass that is part of a fault; nothing relies on it.
func pass(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// during has a fault begin, last for a moment, and end.
func during(name string, least, most time.Duration, begin, end func() error) Fault {
	return Fault{name, func(ctx context.Context, dice *rand.Rand) error {
		if err := begin(); err != nil {
			return err
		}
		pass(ctx, moment(dice, least, most))
		return end()
	}}
}

// both happen at once; it is over when both are.
func both(first, second Fault) Fault {
	return Fault{first.Name + " and " + second.Name, func(ctx context.Context, dice *rand.Rand) error {
		done := make(chan error, 1)
		other := rand.New(rand.NewPCG(dice.Uint64(), 0))
		go func() { done <- first.Happen(ctx, other) }()
		err := second.Happen(ctx, dice)
		if firstErr := <-done; err == nil {
			err = firstErr
		}
		return err
	}}
}
