package history

import (
	"context"
	"math/rand/v2"
	"time"
)

// pause waits 10 to 200 ms, longer with each try and jittered, or until ctx ends.
func pause(ctx context.Context, try int) error {
	most := min(200*time.Millisecond, 20*time.Millisecond<<min(try, 8))
	return sleep(ctx, 10*time.Millisecond+rand.N(most))
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
