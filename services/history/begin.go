package history

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/natter-chat/natter/services/history/store/postgres"
	"github.com/natter-chat/natter/services/history/webhook/shelf"
)

const (
	// beginWithin bounds one attempt to begin, fixWithin NATS's part of it,
	// beginEvery is the pause between two.
	beginWithin = 30 * time.Second
	fixWithin   = 10 * time.Second
	beginEvery  = time.Second
	// sayAgain is how often the log tells that a wait goes on.
	sayAgain = time.Minute
)

// begin prepares the store, fixes what is fixed for the deployment, and opens
// what NATS keeps. A database or a NATS that is away is no error here: await
// goes on.
func (s *Service) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, beginWithin)
	defer cancel()
	err := s.prepare(ctx)
	if err == nil {
		asking, stop := context.WithTimeout(ctx, fixWithin)
		err = persist(asking, s.open)
		stop()
	}
	switch {
	case err == nil:
		s.begun = true
		s.standstill.end()
		s.progress.advance()
	case errors.Is(err, errNATSAway):
		s.standstill.is(fmt.Errorf("waiting for NATS, which is asked again for ever: %w", err))
		err = nil
	case postgres.Away(err):
		err = fmt.Errorf("waiting for the database: %w", err)
		s.progress.fail(err)
		s.standstill.is(err)
		err = nil
	}
	return err
}

// await returns once the store is there, or ctx ends. Meanwhile /readyz says
// what it waits for.
func (s *Service) await(ctx context.Context) error {
	var said time.Time
	waited := !s.begun
	for !s.begun {
		if time.Since(said) > sayAgain {
			s.log.Warn("not all that history needs is there, waiting for it", "error", s.standstill.why())
			said = time.Now()
		}
		if sleep(ctx, beginEvery) != nil {
			return nil
		}
		if err := s.begin(ctx); err != nil {
			return fmt.Errorf("history: %w", err)
		}
	}
	if waited {
		s.log.Info("all that history needs is there")
	}
	return nil
}

// open fixes what is fixed, and opens the buckets that a replica reads.
func (s *Service) open(ctx context.Context) error {
	if err := s.fix(ctx); err != nil {
		return err
	}
	var err error
	if s.revocations, err = newRevocations(ctx, s.js, s.cfg.Replicas, s.log); err != nil {
		return err
	}
	s.webhooks.shelf, err = shelf.Open(ctx, s.js, s.cfg.Replicas)
	return err
}

// standstill is why this replica has not begun. Until it ends, what open makes
// belongs to begin alone. Safe for concurrent use.
type standstill struct {
	mu  sync.Mutex
	err error // nil: it has ended
}

func (s *standstill) is(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *standstill) end() { s.is(nil) }

func (s *standstill) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
