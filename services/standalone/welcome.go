package standalone

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/natter-chat/natter/services/internal/ops"
)

// welcome waits until everything is ready, and says where the page is.
func (n *Natter) welcome(ctx context.Context, out io.Writer, checks []ops.Check) error {
	if err := until(ctx, func() bool { return ready(checks) }); err != nil {
		return nil // told to stop meanwhile
	}
	_, err := fmt.Fprintf(out, "natter is running: open %s\n", n.URL())
	return err
}

func ready(checks []ops.Check) bool {
	for _, c := range checks {
		if c.Ready() != nil {
			return false
		}
	}
	return true
}

func until(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}
