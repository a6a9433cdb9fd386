package gateway

import (
	"context"
	"runtime/debug"
	"time"
)

const (
	rushTick = time.Second
	// rushLeast is from how many arrivals on what they left behind is worth a
	// collection.
	rushLeast = 500
	// rushOver is the part of them below which a second is calm, and rushCalm how
	// many such end a rush.
	rushOver = 100
	rushCalm = 2
)

// rush gives the memory back that many arrivals at once have left behind: a
// quarter of what a session takes then. The runtime would keep it for as long as
// little is allocated, and idle sessions allocate nothing.
type rush struct {
	count func() uint64 // sessions that ever came
	free  func()

	seen  uint64 // of them
	since uint64 // of those that came since it was last given back
	calm  int    // ticks in a row
}

func newRush(t *sessions) *rush { return &rush{count: t.count, free: debug.FreeOSMemory} }

// run works until ctx ends.
func (r *rush) run(ctx context.Context) {
	tick := time.NewTicker(rushTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.look()
		}
	}
}

func (r *rush) look() {
	now := r.count()
	came := now - r.seen
	r.seen, r.since, r.calm = now, r.since+came, r.calm+1
	if came*rushOver > r.since {
		r.calm = 0
	}
	if r.since >= rushLeast && r.calm >= rushCalm {
		r.free()
		r.since = 0
	}
}
