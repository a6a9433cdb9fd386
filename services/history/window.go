package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// keepEvery is how often the log's window is looked at.
const keepEvery = time.Minute

// keepWindow purges what the log need not hold any more, until ctx ends.
func (s *Service) keepWindow(ctx context.Context, j *journal) {
	for sleep(ctx, s.keepEvery) == nil {
		if err := s.purge(ctx, j); err != nil && ctx.Err() == nil {
			s.log.Warn("the log's window was not kept, trying again", "partition", j.partition, "error", err)
		}
	}
}

// purge drops the records that are older than the window and that the store
// has. The last one that it has stays: by it the log is known again.
func (s *Service) purge(ctx context.Context, j *journal) error {
	first, keep, err := s.window(ctx, j)
	if err != nil {
		return err
	}
	if err := s.overwrite(ctx, j, first, keep); err != nil {
		if full, infoErr := s.halfFull(ctx, j); infoErr != nil || !full {
			return errors.Join(err, infoErr)
		}
		s.log.Error("what was erased may stay in the files of NATS for a while: it could not be written over, and the log needs the space", "partition", j.partition, "error", err)
	}
	if keep <= first {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if err := s.webhooks.beforePurge(ctx, j.partition, j.stream, keep); err != nil {
		return fmt.Errorf("webhooks that have yet to be told: %w", err)
	}
	if err := s.webhooks.beforePurge(ctx, j.partition, j.stream, keep); err != nil {
		return fmt.Errorf("webhooks that have yet to be told: %w", err)
	}
	if err := j.stream.Purge(ctx, jetstream.WithPurgeSequence(keep)); err != nil {
		return fmt.Errorf("purge the log before %d: %w", keep, err)
	}
	s.log.Info("purged what the store has and the window does not", "partition", j.partition, "before", keep)
	return nil
}

// halfFull tells whether the log is too large to wait for anything.
func (s *Service) halfFull(ctx context.Context, j *journal) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	info, err := j.stream.Info(ctx)
	if err != nil {
		return false, fmt.Errorf("the log: %w", err)
	}
	return info.State.Bytes > uint64(info.Config.MaxBytes)/2, nil
}

// window is where the log begins, and where it has to: there, or later.
func (s *Service) window(ctx context.Context, j *journal) (first, keep uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	at, err := s.store.Position(ctx, j.partition)
	if err != nil {
		return 0, 0, fmt.Errorf("where the store is: %w", err)
	}
	info, err := j.stream.Info(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("the log: %w", err)
	}
	if at.Stream != info.Created.UnixNano() || at.Sequence > info.State.LastSeq || info.State.FirstSeq >= at.Sequence {
		return info.State.FirstSeq, info.State.FirstSeq, nil
	}
	keep = at.Sequence
	if since := time.Now().Add(-s.cfg.LogWindow); info.State.LastTime.After(since) {
		recent, err := j.firstSince(ctx, since)
		if err != nil {
			return 0, 0, err
		}
		keep = min(keep, recent)
	}
	return info.State.FirstSeq, max(keep, info.State.FirstSeq), nil
}
