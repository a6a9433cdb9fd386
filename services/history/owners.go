package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
)

const (
	leaseTTL    = 3 * time.Second
	renewEvery  = time.Second
	renewalWait = 900 * time.Millisecond
)

// owners shares the partitions among the history replicas that live: each says
// so in the bucket chat_owners, and holds a lease for each partition that it
// writes. The lease is for liveness; safety is the journal's fence.
type owners struct {
	peers      *peers
	replica    string
	partitions int
	// own runs the writer of a partition until ctx ends or it is another's.
	own func(ctx context.Context, partition int, l *lease) error
	// others is told that a partition is another replica's now.
	others  func(partition int)
	metrics *metrics
	log     *slog.Logger

	mu    sync.Mutex
	owned map[int]*ownership
	err   error // why the bucket does not answer

	ending sync.WaitGroup
}

// ownership is one partition that this replica writes. But for ended, it
// belongs to the goroutine of run.
type ownership struct {
	lease    *lease
	revision uint64
	stop     context.CancelFunc
	ended    chan struct{}
	leaving  bool
}

// run shares until ctx ends; then it gives everything back.
func (o *owners) run(ctx context.Context) error {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		err := o.round(ctx)
		o.mu.Lock()
		o.err = err
		o.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			o.log.Warn("sharing partitions", "error", err)
		}
		select {
		case <-ctx.Done():
			return o.leave()
		case <-tick.C:
		case <-o.peers.changed:
		}
	}
}

// round announces this replica, and takes, renews and gives up leases.
func (o *owners) round(life context.Context) error {
	ctx, cancel := context.WithTimeout(life, renewalWait)
	defer cancel()
	live, err := o.peers.announce(ctx, life)
	if err != nil {
		return err
	}
	var errs []error
	for p, replica := range share(o.partitions, live) {
		if replica == o.replica {
			errs = append(errs, o.hold(ctx, p))
		} else {
			o.concede(p)
		}
	}
	return errors.Join(errs...)
}

// hold takes or renews the lease of a partition.
func (o *owners) hold(ctx context.Context, p int) error {
	own := o.ownership(p)
	if own != nil && own.leaving {
		return nil // its end wakes the next round
	}
	sent := time.Now()
	if own != nil && own.revision > 0 {
		revision, err := o.peers.bucket.Update(ctx, subject.OwnerPartition(p), []byte(o.replica), own.revision)
		if err == nil {
			own.revision = revision
			own.lease.extend(sent)
			return nil
		}
	}
	revision, err := o.peers.bucket.Create(ctx, subject.OwnerPartition(p), []byte(o.replica))
	switch {
	case err == nil && own != nil:
		// The lease had run out: another may have written since. The writer asks
		// the log; its state is still good if nobody has.
		own.revision = revision
		own.lease.question(sent)
		return nil
	case err == nil:
		o.start(p, sent, revision)
		return nil
	case errors.Is(err, jetstream.ErrKeyExists):
		return o.exists(ctx, p, own)
	}
	return fmt.Errorf("lease of partition %d: %w", p, err)
}

// exists goes on where there is a lease already: of this replica, with a
// renewal whose answer was lost or a writer that ended; or of another.
func (o *owners) exists(ctx context.Context, p int, own *ownership) error {
	entry, err := o.peers.bucket.Get(ctx, subject.OwnerPartition(p))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil // run out meanwhile; the next round takes it
	}
	if err != nil {
		return fmt.Errorf("lease of partition %d: %w", p, err)
	}
	if string(entry.Value()) != o.replica {
		o.concede(p)
		return nil
	}
	sent := time.Now()
	revision, err := o.peers.bucket.Update(ctx, subject.OwnerPartition(p), []byte(o.replica), entry.Revision())
	if err != nil {
		return fmt.Errorf("lease of partition %d: %w", p, err)
	}
	if own == nil {
		o.start(p, sent, revision)
		return nil
	}
	own.revision = revision
	if own.lease.holds() {
		own.lease.extend(sent)
	} else {
		// What was lost may be the answer to a lease taken after another's.
		own.lease.question(sent)
	}
	return nil
}

// ownership of a partition whose writer runs; nil: none.
func (o *owners) ownership(p int) *ownership {
	o.mu.Lock()
	defer o.mu.Unlock()
	own := o.owned[p]
	if own == nil {
		return nil
	}
	select {
	case <-own.ended:
		delete(o.owned, p)
		return nil
	default:
		return own
	}
}

// start runs a partition's writer beside, under a lease that was asked for at a
// time and has a revision.
func (o *owners) start(p int, sent time.Time, revision uint64) {
	ctx, stop := context.WithCancel(context.Background())
	own := &ownership{lease: newLease(sent), revision: revision, stop: stop, ended: make(chan struct{})}
	own.lease.renew(sent)
	o.mu.Lock()
	o.owned[p] = own
	o.mu.Unlock()
	o.metrics.owned.Inc()
	go func() {
		defer close(own.ended)
		defer o.metrics.owned.Dec()
		if err := o.own(ctx, p, own.lease); err != nil {
			o.log.Warn("gave a partition up", "partition", p, "error", err)
		}
	}()
}

// concede gives a partition back, if it is held, to whom it belongs.
func (o *owners) concede(p int) {
	own := o.ownership(p)
	switch {
	case own == nil:
		o.others(p)
	case !own.leaving:
		o.end(p, own, own.revision)
	}
}

// end has a partition's writer end, and then deletes the lease of a revision
// (0: none), so that the next owner finds the log at rest. The leases of other
// partitions are renewed meanwhile.
func (o *owners) end(p int, own *ownership, revision uint64) {
	own.leaving = true
	own.stop()
	bucket := o.peers.bucket
	o.ending.Go(func() {
		<-own.ended
		if revision > 0 && bucket != nil {
			ctx, cancel := context.WithTimeout(context.Background(), renewalWait)
			defer cancel()
			_ = bucket.Delete(ctx, subject.OwnerPartition(p), jetstream.LastRevision(revision))
		}
		o.mu.Lock()
		if o.owned[p] == own {
			delete(o.owned, p)
		}
		o.mu.Unlock()
		o.peers.wake()
	})
}

// leave says that this replica is gone, and gives everything back.
func (o *owners) leave() error {
	o.peers.leave()
	for p := range o.partitions {
		if own := o.ownership(p); own != nil && !own.leaving {
			o.end(p, own, own.revision)
		}
	}
	o.ending.Wait()
	return nil
}

// failing is why partitions cannot be shared; nil: they are.
func (o *owners) failing() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
