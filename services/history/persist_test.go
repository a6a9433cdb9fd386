package history

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestLostQuestionAtTheStart: a question that NATS lost is asked again; one that
// was refused is not.
func TestLostQuestionAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		asked, began := 0, time.Now()
		if err := persist(ctx, func(ctx context.Context) error {
			if asked++; asked < 3 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}); err != nil || asked != 3 || time.Since(began) != 2*askedWithin {
			t.Errorf("asked %d times within %s: %v", asked, time.Since(began), err)
		}
		refused := errors.New("refused")
		if err := persist(ctx, func(context.Context) error { return refused }); err != refused {
			t.Errorf("a refusal became %v", err)
		}
		if err := persist(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }); !errors.Is(err, context.DeadlineExceeded) || ctx.Err() == nil {
			t.Errorf("it gave up too early, with %v", err)
		}
	})
}
