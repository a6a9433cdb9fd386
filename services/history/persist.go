package history

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// askedWithin bounds one attempt to ask NATS at the start.
const askedWithin = 5 * time.Second

// persist asks NATS again when it does not answer: while a cluster elects a
// leader, a question is lost, and nobody says so. It gives up when ctx ends.
func persist(ctx context.Context, ask func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, askedWithin)
		err := ask(attempt)
		cancel()
		switch {
		case err == nil || !errors.Is(err, context.DeadlineExceeded):
			return err
		case ctx.Err() != nil:
			return fmt.Errorf("NATS does not answer: %w", err)
		}
	}
}
