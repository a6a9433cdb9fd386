package history

import (
	"context"
	"time"
)

const (
	// fillEvery is how often it is looked for what a version before left out.
	fillEvery = time.Hour
	// tidyEvery is how often the store is tidied up where something was taken away:
	// trimmed, deleted or edited. It takes at most a part of the time, this one.
	tidyEvery = 15 * time.Minute
	tidyShare = 20
	// tidyAgain is when what could not be tidied up is tried again.
	tidyAgain = time.Minute
)

// tidySoon has the store forget what was taken away, without waiting for it.
func (s *Service) tidySoon() {
	select {
	case s.untidy <- struct{}{}:
	default: // it will be
	}
}

// keepHouse does what nobody waits for, until ctx ends.
func (s *Service) keepHouse(ctx context.Context) {
	// What was to be tidied up when the program ended.
	for p := range s.partitions {
		if _, dues, err := s.dues(ctx, p); err == nil && len(dues) > 0 {
			s.tidySoon()
		}
	}
	tick := time.NewTicker(fillEvery)
	defer tick.Stop()
	look := time.NewTicker(s.tidyEvery)
	defer look.Stop()
	var tidied time.Time
	var took time.Duration
	tidy := func() {
		began := time.Now()
		s.tidy(ctx)
		tidied = time.Now()
		took = tidied.Sub(began)
	}
	for {
		if err := s.fill(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("what a version before left out of the store is not filled in, trying again", "error", err)
		}
		for again := false; !again; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				again = true
			case <-s.untidy:
				tidy()
			case <-look.C:
				if untidy, err := s.store.Untidy(ctx); err == nil && untidy && time.Since(tidied) > tidyShare*took {
					tidy()
				}
			}
		}
	}
}

func (s *Service) tidy(ctx context.Context) {
	err := s.store.Tidy(ctx)
	if err == nil || ctx.Err() != nil {
		return
	}
	s.log.Warn("the store's files may have what was taken away, trying again", "error", err)
	if sleep(ctx, tidyAgain) == nil {
		s.tidySoon()
	}
}
