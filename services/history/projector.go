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
	batchFor    = 250 * time.Millisecond
)

// archive is what a projector needs of the store.
type archive interface {
	Apply(ctx context.Context, partition int, from, to store.Position, records []*chatv1.LogRecord) error
}

// projector folds a partition's log into the store, in order and exactly once.
type projector struct {
	partition int
	archive   archive
	backlog   *backlog
	at        store.Position // as the store has it
	stream    int64          // when the stream was created, Unix ns
	progress  *progress
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
	timer := time.NewTimer(batchFor)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
	case <-p.progress.wanted():
	}
	return nil
}

// drain applies what is in the backlog. Records that were taken and not applied
// are only in the log then, so nothing may be applied after them.
func (p *projector) drain(ctx context.Context) error {
	for {
		records := p.backlog.take(batchEvents)
		if len(records) == 0 {
			return nil
		}
		if err := p.apply(ctx, records); err != nil {
			return err
		}
	}
}

// apply does not give up while the store is away: nothing is lost, it waits in
// the log.
func (p *projector) apply(ctx context.Context, records []*chatv1.LogRecord) error {
	last := records[len(records)-1]
	to := store.Position{Stream: p.stream, Sequence: last.GetSequence(), Record: last.GetId()}
	for try := 0; ; try++ {
		err := p.archive.Apply(context.WithoutCancel(ctx), p.partition, p.at, to, records)
		if err == nil {
			break
		}
		if errors.Is(err, store.ErrPosition) {
			return fmt.Errorf("partition %d: %w", p.partition, err)
		}
		p.progress.fail(err)
		p.log.Error("the store did not take a batch, trying again", "partition", p.partition, "error", err)
		if err := pause(ctx, try+3); err != nil {
			return err
		}
	}
	p.at = to
	p.progress.advance()
	p.applied(to.Sequence)
	return nil
}
