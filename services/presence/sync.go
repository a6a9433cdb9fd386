package presence

import (
	"slices"
	"time"

	"github.com/natter-chat/natter/services/presence/fold"
)

const (
	syncsAtOnce  = 8
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 2 * time.Second
	// stuckAfter is how long a gateway may be unsynced before that is told.
	stuckAfter = 3 * time.Second
)

// synced is what came of asking a gateway for the whole.
type synced struct {
	gateway string
	whole   fold.Whole
	err     error
}

// syncs says which gateways to ask for the whole, and when again. Only the
// loop touches it.
type syncs struct {
	// ask begins to ask a gateway; what comes of it is told to ended.
	ask     func(gateway string)
	pending map[string]*pending
	asking  int
}

// pending is a gateway whose whole is wanted.
type pending struct {
	since  time.Time
	asking bool
	wait   time.Duration
	next   time.Time
}

func newSyncs(ask func(gateway string)) *syncs {
	return &syncs{ask: ask, pending: make(map[string]*pending)}
}

// begin asks the gateways that want it, as far as it is time, and forgets the
// others.
func (s *syncs) begin(now time.Time, unsynced []string) {
	for gateway, p := range s.pending {
		if !p.asking && !slices.Contains(unsynced, gateway) {
			delete(s.pending, gateway)
		}
	}
	for _, gateway := range unsynced {
		p := s.pending[gateway]
		if p == nil {
			p = &pending{since: now}
			s.pending[gateway] = p
		}
		if !p.asking && !now.Before(p.next) && s.asking < syncsAtOnce {
			p.asking = true
			s.asking++
			s.ask(gateway)
		}
	}
}

// ended notes what came of it, and says whether a whole came.
func (s *syncs) ended(now time.Time, result synced) bool {
	p := s.pending[result.gateway]
	p.asking = false
	s.asking--
	p.wait = min(max(2*p.wait, firstBackoff), maxBackoff)
	p.next = now.Add(p.wait)
	return result.err == nil
}

// stuck names the gateways whose whole is wanted for long.
func (s *syncs) stuck(now time.Time) []string {
	var stuck []string
	for gateway, p := range s.pending {
		if now.Sub(p.since) >= stuckAfter {
			stuck = append(stuck, gateway)
		}
	}
	slices.Sort(stuck)
	return stuck
}
