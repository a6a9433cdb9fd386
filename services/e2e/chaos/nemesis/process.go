package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/process"
)

// killed ends it at once (SIGKILL) and starts it again after a moment.
func killed(p *process.Process) Fault {
	return Fault{"kill " + p.Name(), func(ctx context.Context, dice *rand.Rand) error {
		if err := p.Kill(); err != nil {
			return err
		}
		pass(ctx, moment(dice, 0, time.Second))
		return p.Start(ctx)
	}}
}

// halted stops it (SIGSTOP), often for longer than a lease, and lets it go on.
func halted(p *process.Process) Fault {
	return during("halt "+p.Name(), 300*time.Millisecond, 8*time.Second, p.Pause, p.Continue)
}

// drained asks it to end (SIGTERM), and starts it again.
func drained(p *process.Process) Fault {
	return Fault{"drain " + p.Name(), func(ctx context.Context, dice *rand.Rand) error {
		if err := p.Stop(); err != nil {
			return err
		}
		pass(ctx, moment(dice, 0, 500*time.Millisecond))
		return p.Start(ctx)
	}}
}

// points are the fault points that history's programs have where they are built
// with the tag faultpoints.
func points() []string {
	return []string{"before-append", "after-append", "after-publish", "before-commit", "after-commit"}
}

const (
	// pointsPassed bounds how often a program passes a point before it dies there.
	pointsPassed = 30
	// pointWithin is how long it may take to get there; then it is killed.
	pointWithin = 20 * time.Second
)

// struck kills it at a point between the log and the store.
func struck(p *process.Process) Fault {
	return Fault{"fault point in " + p.Name(), func(ctx context.Context, dice *rand.Rand) error {
		if err := p.Kill(); err != nil {
			return err
		}
		point := fmt.Sprintf("NATTER_FAULTPOINT=%s:%d", points()[dice.IntN(len(points()))], 1+dice.IntN(pointsPassed))
		if err := p.Launch(point); err != nil {
			return err
		}
		dies, cancel := context.WithTimeout(ctx, pointWithin)
		defer cancel()
		if _, err := p.Wait(dies); err != nil { // it never got there
			if err := p.Kill(); err != nil {
				return err
			}
		}
		return p.Start(ctx)
	}}
}
