package history

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/services/history/store"
)

// errGap says that records are missing between the store and the log.
var errGap = errors.New("the log begins after what the store has")

// gap is the range of sequences that neither the store nor the log has; none:
// 0, 0.
func gap(info *jetstream.StreamInfo, at store.Position) (from, to uint64) {
	if info.State.FirstSeq > at.Sequence+1 && info.State.LastSeq > at.Sequence {
		return at.Sequence + 1, info.State.FirstSeq - 1
	}
	return 0, 0
}

// gapError says what is missing, and what can be done.
func gapError(partition int, from, to uint64) error {
	return fmt.Errorf("partition %d: %w: sequences %d to %d are in neither. Restore the store from a later backup; or, if there is none, give them up: natterctl store accept-gap --partition %d --from %d --to %d",
		partition, errGap, from, to, partition, from, to)
}

// errNoSuchGap says that there is nothing to accept, or something else.
var errNoSuchGap = errors.New("there is no such gap")

// acceptGap lets a partition go on whose log begins after what the store has:
// from the store, under a new epoch, as after any change of the past. No owner
// writes it meanwhile, as none can take it over.
func (s *Service) acceptGap(ctx context.Context, partition int, from, to uint64) (dropped uint64, err error) {
	nc, err := s.dial(ctx)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	j, err := s.openJournal(ctx, nc, partition)
	if err != nil {
		return 0, err
	}
	at, err := s.store.Position(ctx, partition)
	if err != nil {
		return 0, fmt.Errorf("where the store is: %w", err)
	}
	info, err := j.stream.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("the log: %w", err)
	}
	switch first, last := gap(info, at); {
	case last == 0:
		return 0, fmt.Errorf("%w: the log of partition %d goes back to what the store has", errNoSuchGap, partition)
	case first != from || last != to:
		return 0, fmt.Errorf("%w: in partition %d sequences %d to %d are missing", errNoSuchGap, partition, first, last)
	}
	if _, err := s.changed(ctx, j, info, at); err != nil {
		return 0, err
	}
	return info.State.LastSeq - to, nil
}
