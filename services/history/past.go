package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/services/history/store"
)

// past compares the log with the store's position, and says from where to
// replay. A log that is shorter than the store, or another one, means that the
// past changed (a power cut under OS durability, a restored broker): the store
// wins, and the epoch rises so that everybody forgets what they had.
func (s *Service) past(ctx context.Context, j *journal) (store.Position, error) {
	at, err := s.store.Position(ctx, j.partition)
	if err != nil {
		return at, fmt.Errorf("where the store is: %w", err)
	}
	// Another replica may have raised it a moment ago.
	d, err := s.store.Deployment(ctx, store.Deployment{Partitions: s.partitions, Epoch: s.epoch.Load()})
	if err != nil {
		return at, fmt.Errorf("the store's epoch: %w", err)
	}
	s.raise(d.Epoch)
	info, err := j.stream.Info(ctx)
	if err != nil {
		return at, fmt.Errorf("the log: %w", err)
	}
	if from, to := gap(info, at); to > 0 {
		return at, gapError(j.partition, from, to)
	}
	if at.Sequence == 0 && s.shown(j.partition) == 0 {
		return at, nil
	}
	same, err := sameLog(ctx, j, info, at)
	if same && info.State.LastSeq < s.shown(j.partition) {
		same = false // shorter than what this replica has shown
	}
	if same || err != nil {
		return at, err
	}
	return s.changed(ctx, j, info, at)
}

// sameLog tells whether the record that the store applied last stands where it
// stood.
func sameLog(ctx context.Context, j *journal, info *jetstream.StreamInfo, at store.Position) (bool, error) {
	if info.Created.UnixNano() != at.Stream || info.State.LastSeq < at.Sequence {
		return false, nil
	}
	if info.State.FirstSeq > at.Sequence {
		return true, nil // purged since
	}
	r, err := j.read(ctx, at.Sequence)
	if err != nil {
		return false, fmt.Errorf("read the log at %d: %w", at.Sequence, err)
	}
	return string(r.GetId()) == string(at.Record), nil
}

// changed moves the store's position to the end of the log as it is now, which
// a stored record of one's own has to show: a server that was paused may tell
// of an old end.
func (s *Service) changed(ctx context.Context, j *journal, info *jetstream.StreamInfo, at store.Position) (store.Position, error) {
	j.at = chain{sequence: info.State.LastSeq}
	if info.State.LastSeq >= info.State.FirstSeq && info.State.LastSeq > 0 {
		r, err := j.read(ctx, info.State.LastSeq)
		if err != nil {
			return at, fmt.Errorf("read the log at %d: %w", info.State.LastSeq, err)
		}
		j.at.record = r.GetId()
	}
	if err := j.claim(ctx, func(replayed) {}); err != nil {
		return at, err
	}
	if info.Created.UnixNano() == at.Stream && info.State.LastSeq < at.Sequence && j.at.sequence > at.Sequence {
		return at, errors.New("the log turned out to be longer than it was said to be; looking again")
	}
	epoch := max(uint64(time.Now().UnixMilli()), s.epoch.Load()+1)
	j.log.Error("the past changed: the log is not the one that the store was made from; going on from the store, with a new epoch",
		"partition", j.partition, "store_sequence", at.Sequence, "log_sequence", j.at.sequence, "epoch", epoch)
	to := store.Position{Stream: info.Created.UnixNano(), Sequence: j.at.sequence, Record: j.at.record}
	if err := s.store.SetEpoch(ctx, epoch); err != nil {
		return at, err
	}
	if err := s.announceEpoch(ctx, epoch); err != nil {
		return at, err
	}
	if err := s.store.Apply(ctx, j.partition, at, to, nil); err != nil {
		return at, err
	}
	s.raise(epoch)
	return to, nil
}
