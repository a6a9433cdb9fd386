package nemesis

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/clock"
)

// mostAhead is how far a clock jumps, at most.
const mostAhead = time.Hour

// jumped sets a process's clock ahead or back, and right again after a moment.
func jumped(name string, c *clock.Clock) Fault {
	return Fault{"jump of the clock of " + name, func(ctx context.Context, dice *rand.Rand) error {
		ahead := moment(dice, time.Second, mostAhead)
		if dice.IntN(2) == 0 {
			ahead = -ahead
		}
		err := c.Set(ahead)
		pass(ctx, moment(dice, 300*time.Millisecond, 5*time.Second))
		return errors.Join(err, c.Set(0))
	}}
}
