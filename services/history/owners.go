package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
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
	js         jetstream.JetStream
	replica    string
	partitions int
	replicas   int
	// own runs the writer of a partition until ctx ends or it is another's.
	own     func(ctx context.Context, partition int, l *lease) error
	metrics *metrics
	log     *slog.Logger

	mu     sync.Mutex
	owned  map[int]*ownership
	err    error // why the bucket does not answer
	bucket jetstream.KeyValue
}

// ownership is one partition that this replica writes.
type ownership struct {
	lease    *lease
	revision uint64
	stop     context.CancelFunc
	ended    chan struct{}
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
		}
	}
}

// round announces this replica, and takes, renews and gives up leases.
func (o *owners) round(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, renewalWait)
	defer cancel()
	live, err := o.announce(ctx)
	if err != nil {
		o.bucket = nil // it may be gone: a memory bucket does not outlive its server
		return err
	}
	var errs []error
	for p, replica := range share(o.partitions, live) {
		if replica == o.replica {
			errs = append(errs, o.hold(ctx, p))
		} else {
			o.release(p)
		}
	}
	return errors.Join(errs...)
}

// announce says that this replica lives, and tells who else does.
func (o *owners) announce(ctx context.Context) ([]string, error) {
	if o.bucket == nil {
		bucket, err := o.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: subject.BucketOwners, Description: "natter: who lives and who writes which partition",
			TTL: leaseTTL, Storage: jetstream.MemoryStorage, Replicas: o.replicas,
		})
		if err != nil {
			return nil, fmt.Errorf("bucket %s: %w", subject.BucketOwners, err)
		}
		o.bucket = bucket
	}
	if _, err := o.bucket.PutString(ctx, subject.OwnerReplica(o.replica), o.replica); err != nil {
		return nil, fmt.Errorf("announce this replica: %w", err)
	}
	keys, err := o.bucket.ListKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the replicas: %w", err)
	}
	prefix := subject.OwnerReplica("x")
	prefix = prefix[:len(prefix)-1]
	var live []string
	for key := range keys.Keys() {
		if token, ok := strings.CutPrefix(key, prefix); ok {
			if id, err := subject.ID(token); err == nil {
				live = append(live, id)
			}
		}
	}
	if !slices.Contains(live, o.replica) { // the list may be read where our own word has not arrived
		live = append(live, o.replica)
	}
	slices.Sort(live)
	return live, ctx.Err()
}

// hold takes or renews the lease of a partition.
func (o *owners) hold(ctx context.Context, p int) error {
	own := o.ownership(p)
	sent := time.Now()
	if own != nil && own.revision > 0 {
		revision, err := o.bucket.Update(ctx, subject.OwnerPartition(p), []byte(o.replica), own.revision)
		if err == nil {
			own.revision = revision
			own.lease.renew(sent)
			return nil
		}
	}
	revision, err := o.bucket.Create(ctx, subject.OwnerPartition(p), []byte(o.replica))
	switch {
	case err == nil && own != nil:
		// The lease had run out: another may have written since, so the writer's
		// state may be old. The next one reads the log first.
		o.release(p)
		o.start(p, sent, revision)
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
	entry, err := o.bucket.Get(ctx, subject.OwnerPartition(p))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil // run out meanwhile; the next round takes it
	}
	if err != nil {
		return fmt.Errorf("lease of partition %d: %w", p, err)
	}
	if string(entry.Value()) != o.replica {
		o.release(p)
		return nil
	}
	sent := time.Now()
	revision, err := o.bucket.Update(ctx, subject.OwnerPartition(p), []byte(o.replica), entry.Revision())
	if err != nil {
		return fmt.Errorf("lease of partition %d: %w", p, err)
	}
	if own == nil {
		o.start(p, sent, revision)
		return nil
	}
	own.revision = revision
	own.lease.renew(sent)
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

// release gives a partition back, if it is held: its writer ends first, so that
// the next owner finds the log at rest.
func (o *owners) release(p int) {
	o.mu.Lock()
	own := o.owned[p]
	o.mu.Unlock()
	if own == nil {
		return
	}
	own.stop()
	<-own.ended
	o.forget(p)
	if own.revision > 0 && o.bucket != nil {
		ctx, cancel := context.WithTimeout(context.Background(), renewalWait)
		defer cancel()
		_ = o.bucket.Delete(ctx, subject.OwnerPartition(p), jetstream.LastRevision(own.revision))
	}
}

func (o *owners) forget(p int) {
	o.mu.Lock()
	delete(o.owned, p)
	o.mu.Unlock()
}

// leave gives everything back, and says that this replica is gone.
func (o *owners) leave() error {
	for p := range o.partitions {
		o.release(p)
	}
	if o.bucket != nil {
		ctx, cancel := context.WithTimeout(context.Background(), renewalWait)
		defer cancel()
		_ = o.bucket.Delete(ctx, subject.OwnerReplica(o.replica))
	}
	return nil
}

// failing is why partitions cannot be shared; nil: they are.
func (o *owners) failing() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
