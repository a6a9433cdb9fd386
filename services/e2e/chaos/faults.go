package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// acksBetween come in between two faults, at least.
const acksBetween = 10

// happen has one fault after another happen, and then looks at what is left.
func (r *run) happen(ctx context.Context) error {
	dice := rand.New(rand.NewPCG(r.Seed, 0))
	if err := r.crowd.More(ctx, acksBetween, recovery); err != nil {
		return err
	}
	for began, n := time.Now(), 1; !r.over(began, n); n++ {
		f := r.plan.Next(dice)
		wait(ctx, time.Duration(dice.Int64N(int64(time.Second))))
		healed := r.recorder.Fault(f.Name)
		at := time.Now()
		err := f.Happen(ctx, dice)
		healed()
		if err != nil { // what it broke is found all the same
			r.recorder.Broke(fmt.Sprintf("fault %d, %s: %v", n, f.Name, err))
			if err := r.deployment.Start(ctx); err != nil {
				return fmt.Errorf("after fault %d, %s: %w", n, f.Name, err)
			}
		}
		r.summary.Faults[f.Name]++
		lasted := time.Since(at)
		if err := r.crowd.More(ctx, acksBetween, recovery); err != nil {
			return fmt.Errorf("after fault %d, %s: %w", n, f.Name, err)
		}
		r.Log(fmt.Sprintf("fault %d, %s: over after %s, %d acks after %s", n, f.Name, lasted.Round(time.Millisecond), acksBetween, time.Since(at).Round(time.Millisecond)))
	}
	if err := r.crowd.Return(ctx, recovery); err != nil {
		return err
	}
	return r.finish(ctx)
}

// over tells whether fault n is one too many.
func (r *run) over(began time.Time, n int) bool {
	return r.Config.Faults > 0 && n > r.Config.Faults || r.For > 0 && time.Since(began) > r.For
}

// wait lets time pass, of which nobody relies on how much it is.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
