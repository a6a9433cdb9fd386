package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

const (
	// batchEvents and batchFor bound one transaction: a commit syncs the disk,
	// which the log needs too, so the store is in no hurry unless a reader
	// waits for it.
	batchEvents = 10_000
	batchFor    = time.Second
	// sharedBatchFor is for a store that other replicas read: their readers cannot
	// hurry this one.
	sharedBatchFor = 250 * time.Millisecond
	// membersFor is for changes of memberships: the store is what says which rooms
	// a user has, to each of their devices that comes in.
	membersFor = 50 * time.Millisecond
	// applyTimeout bounds one attempt; the next one begins anew.
	applyTimeout = 30 * time.Second
)

// batchBytes bounds what is read from the log at once.
const batchBytes = 8 << 20

// archive is what a projector needs of the store.
type archive interface {
	Position(ctx context.Context, partition int) (store.Position, error)
	Apply(ctx context.Context, partition int, from, to store.Position, records []*chatv1.LogRecord) error
}

// projector folds a partition's log into the store, in order and exactly once.
type projector struct {
	partition int
	archive   archive
	backlog   *backlog
	journal   *journal       // for reading
	at        store.Position // as the store has it
	stream    int64          // when the stream was created, Unix ns
	progress  *progress
	metrics   *metrics
	// applied is told how far the store is.
	applied func(sequence uint64)
	log     *slog.Logger
}

// run ends with ctx, or when somebody else applies the partition's log. What is
// in the backlog then still goes in, if the store takes it at once.
func (p *projector) run(ctx context.Context) error {
	for {
		err := p.backlog.wait(ctx)
		if err == nil {
			err = p.gather(ctx)
		}
		if err := p.drain(ctx); err != nil {
			return err
		}
		if err != nil {
			return nil
		}
	}
}

// gather lets more come, for a while or until a reader waits for what there is.
func (p *projector) gather(ctx context.Context) error {
	most := batchFor
	if p.progress.shared {
		most = sharedBatchFor
	}
	timer := time.NewTimer(untilNext(most))
	defer timer.Stop()
	members := p.backlog.members
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			return nil
		case <-p.progress.wanted():
			return nil
		case <-members:
			members = nil // once
			timer.Reset(untilNext(membersFor))
		}
	}
}

// untilNext is the time until a clock that all projectors share strikes, each
// time so much has gone by: what they apply at the same time costs the store
// less.
func untilNext(each time.Duration) time.Duration {
	now := time.Now()
	return now.Truncate(each).Add(each).Sub(now)
}

// drain applies what is in the backlog, and what was left to the log. Records
// that were taken and not applied are only in the log then, so nothing may be
// applied after them.
func (p *projector) drain(ctx context.Context) error {
	for {
		records, left := p.backlog.take(batchEvents)
		switch {
		case left > 0:
			if err := p.reread(ctx, left); err != nil {
				return err
			}
		case len(records) == 0:
			return nil
		default:
			if err := p.apply(ctx, records); err != nil {
				return err
			}
		}
	}
}

// reread applies the next part of what was left to the log.
func (p *projector) reread(ctx context.Context, left uint64) error {
	if err := ctx.Err(); err != nil {
		return err // the next owner does
	}
	records, at, err := p.journal.reread(ctx, p.at, left, batchEvents)
	if err != nil {
		p.progress.fail(err)
		p.log.Error("the log could not be read again, trying again", "partition", p.partition, "error", err)
		return pause(ctx, 5)
	}
	if err := p.apply(ctx, records); err != nil {
		return err
	}
	p.backlog.reached(at)
	return nil
}

// apply does not give up while the store is away: nothing is lost, it waits in
// the log. What the store does not take as a whole, it is given in parts, in case
// it, or this machine, is too slow for that much at once.
func (p *projector) apply(ctx context.Context, records []*chatv1.LogRecord) error {
	part := len(records)
	for try := 0; len(records) > 0; try++ {
		part = min(part, len(records))
		err := p.attempt(ctx, records[:part])
		if err == nil {
			records, part, try = records[part:], 2*part, -1
			continue
		}
		if errors.Is(err, store.ErrPosition) {
			if records, err = p.overtaken(ctx, records); err == nil {
				continue
			}
			if errors.Is(err, store.ErrPosition) {
				return fmt.Errorf("partition %d: %w", p.partition, err)
			}
		}
		p.progress.fail(err)
		p.metrics.unapplied.Inc()
		p.log.Error("the store did not take a batch, trying again", "partition", p.partition, "records", part, "error", err)
		part = max(part/2, 1)
		if err := pause(ctx, try+3); err != nil {
			return err
		}
	}
	return nil
}

func (p *projector) attempt(ctx context.Context, records []*chatv1.LogRecord) error {
	last := records[len(records)-1]
	to := store.Position{Stream: p.stream, Sequence: last.GetSequence(), Record: last.GetId()}
	ctx, cancel := outlive(ctx, drainFor)
	defer cancel()
	ctx, cancelTimeout := context.WithTimeout(ctx, applyTimeout)
	defer cancelTimeout()
	err := p.archive.Apply(ctx, p.partition, p.at, to, records)
	if err == nil {
		p.moved(to, records)
	}
	return err
}

// overtaken looks where the store is, if it is not where it was left. An attempt
// whose answer was lost may have moved it, or an owner before that was halted
// and let go on: then these are the records that it has. Those that it does not
// have yet are given back. Anything else is another log than this owner's.
func (p *projector) overtaken(ctx context.Context, records []*chatv1.LogRecord) ([]*chatv1.LogRecord, error) {
	ctx, cancel := outlive(ctx, drainFor)
	defer cancel()
	ctx, cancelTimeout := context.WithTimeout(ctx, readTimeout)
	defer cancelTimeout()
	at, err := p.archive.Position(ctx, p.partition)
	if err != nil {
		return records, err
	}
	for n, r := range records {
		if at.Stream == p.stream && at.Sequence == r.GetSequence() && string(at.Record) == string(r.GetId()) {
			p.moved(at, records[:n+1])
			return records[n+1:], nil
		}
	}
	return records, store.ErrPosition
}

func (p *projector) moved(to store.Position, records []*chatv1.LogRecord) {
	p.at = to
	p.backlog.applied(records)
	p.progress.advance()
	p.applied(to.Sequence)
}
