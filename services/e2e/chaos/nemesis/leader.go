package nemesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
)

// Servers is how an operator comes to the NATS servers.
type Servers struct {
	// URL of them all, parted by commas.
	URL string
	// Seed of the operator's key.
	Seed []byte
	// Partitions of the deployment: so many logs there are.
	Partitions int
	// Clustered: there are several servers, one of which leads a log.
	Clustered bool
}

// stepDown has the leader of a partition's log make room for another.
func stepDown(s Servers) Fault {
	return Fault{"step-down of a log's leader", func(ctx context.Context, dice *rand.Rand) error {
		ctx, cancel := context.WithTimeout(ctx, adminFor)
		defer cancel()
		nc, err := s.connect(ctx)
		if err != nil {
			return err
		}
		defer nc.Close()
		_, err = nc.Request(fmt.Sprintf("$JS.API.STREAM.LEADER.STEPDOWN.CHAT_LOG_%d", dice.IntN(s.Partitions)), nil, 5*time.Second)
		if errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders) {
			return nil // there is no leader just now
		}
		return err
	}}
}
