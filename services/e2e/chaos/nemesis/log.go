package nemesis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// adminFor is how long an operator tries to change something.
const adminFor = 30 * time.Second

// connect as the operator.
func (s Servers) connect(ctx context.Context) (*nats.Conn, error) {
	return natsx.Connect(ctx, natsx.Options{URL: s.URL, Seed: s.Seed, Service: natsx.Operator, Instance: natsx.Instance(), Log: slog.New(slog.DiscardHandler)})
}

// filledLog has a partition's log take nothing more, as one that has come to its
// size does, until it is given the size that it had.
func filledLog(s Servers) Fault {
	return Fault{"fill a log", func(ctx context.Context, dice *rand.Rand) error {
		partition := dice.IntN(s.Partitions)
		size, err := s.resize(ctx, partition, 1)
		if err != nil {
			return err
		}
		pass(ctx, moment(dice, time.Second, 5*time.Second))
		_, err = s.resize(ctx, partition, size)
		return err
	}}
}

// resize sets how many bytes a partition's log may have, and gives how many that
// were.
func (s Servers) resize(ctx context.Context, partition int, size int64) (was int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, adminFor)
	defer cancel()
	nc, err := s.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return 0, err
	}
	for {
		before, err := attemptResize(ctx, js, partition, size)
		if was == 0 { // later ones may see what an earlier one has set, whose answer was lost
			was = before
		}
		if err == nil {
			return was, nil
		}
		if ctx.Err() != nil {
			return 0, fmt.Errorf("set the size of the log of partition %d: %w", partition, errors.Join(err, ctx.Err()))
		}
		pass(ctx, 200*time.Millisecond) // there is no leader just now
	}
}

// attemptFor is how long one attempt may take: a cluster without a leader does not
// answer at all.
const attemptFor = 3 * time.Second

func attemptResize(ctx context.Context, js jetstream.JetStream, partition int, size int64) (was int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptFor)
	defer cancel()
	log, err := js.Stream(ctx, subject.LogStream(partition))
	if err != nil {
		return 0, err
	}
	config := log.CachedInfo().Config
	was, config.MaxBytes = config.MaxBytes, size // -1, not 0, says that there is no bound
	_, err = js.UpdateStream(ctx, config)
	return was, err
}
