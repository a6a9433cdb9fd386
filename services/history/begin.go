package history

import (
	"context"
	"fmt"
	"time"

	"github.com/natter-chat/natter/services/history/store/postgres"
)

const (
	// beginWithin bounds one attempt to begin, beginEvery is the pause between two.
	beginWithin = 30 * time.Second
	beginEvery  = time.Second
	// sayAgain is how often the log tells that a wait goes on.
	sayAgain = time.Minute
)

// begin prepares the store, and fixes what is fixed for the deployment. A
// database that is away is no error here: await goes on.
func (s *Service) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, beginWithin)
	defer cancel()
	err := s.prepare(ctx)
	if err == nil {
		err = persist(ctx, s.fix)
	}
	switch {
	case err == nil:
		s.begun = true
		s.progress.advance()
	case postgres.Away(err):
		s.progress.fail(fmt.Errorf("waiting for the database: %w", err))
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
			s.log.Warn("the store does not answer, waiting for it", "error", s.progress.failing())
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
		s.log.Info("the store answers")
	}
	return nil
}
