package history

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/natter-chat/natter/services/internal/ops"
)

// readiness is what keeps this replica from being ready. It is looked at beside
// everything else: a check may wait for the store, and who renews the leases
// must not. Safe for concurrent use.
type readiness struct {
	mu       sync.Mutex
	notReady []string
}

// run looks each second until ctx ends.
func (r *readiness) run(ctx context.Context, checks []ops.Check) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		now := failing(checks)
		r.mu.Lock()
		r.notReady = now
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (r *readiness) get() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.notReady
}

// failing are the checks that fail, each with why, as /readyz says it.
func failing(checks []ops.Check) (all []string) {
	for _, c := range checks {
		if err := c.Ready(); err != nil {
			all = append(all, c.Name+": "+strings.Join(strings.Fields(err.Error()), " "))
		}
	}
	return all
}

// announcement is what a replica says of itself in the bucket chat_owners: its
// id, and a line for each check that fails.
func announcement(replica string, notReady []string) string {
	return strings.Join(append([]string{replica}, notReady...), "\n")
}

// announced is what keeps a replica from being ready by its own announcement.
func announced(value string) []string {
	_, lines, more := strings.Cut(value, "\n")
	if !more {
		return nil
	}
	return strings.Split(lines, "\n")
}
