package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// askedWithin bounds one attempt to ask NATS at the start.
	askedWithin = 5 * time.Second
	// persistEvery is the pause after an answer that says "not now".
	persistEvery = 200 * time.Millisecond
	// noPeers is JetStream's error code where too few servers are up to keep
	// something as many times as it is to be kept.
	noPeers = 10005
)

// errNATSAway says that NATS, or enough of its servers, cannot do what was
// asked. It may later.
var errNATSAway = errors.New("NATS does not do what it is asked")

// persist asks NATS again when it does not answer, or says that it cannot now:
// while a cluster elects a leader, a question is lost, and nobody says so. It
// gives up when ctx ends, with errNATSAway.
func persist(ctx context.Context, ask func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, askedWithin)
		err := ask(attempt)
		cancel()
		if err == nil || !passes(err) {
			return err
		}
		if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
			_ = sleep(ctx, persistEvery) // its end is seen below
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", errNATSAway, err)
		}
	}
}

// passes tells whether an error of NATS may go away by itself: it has no
// leader, too few servers, or no connection.
func passes(err error) bool {
	if refused := (*jetstream.APIError)(nil); errors.As(err, &refused) {
		return refused.Code == 503 || refused.ErrorCode == noPeers
	}
	for _, passing := range []error{
		context.DeadlineExceeded, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, nats.ErrConnectionReconnecting, nats.ErrReconnectBufExceeded,
		jetstream.ErrNoStreamResponse, jetstream.ErrJetStreamNotEnabled, jetstream.ErrJetStreamNotEnabledForAccount,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}
