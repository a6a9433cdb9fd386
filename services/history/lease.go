package history

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// leaseFor is how long a renewal counts, by the monotonic clock and from
// before it was sent. The key lives a second longer.
const leaseFor = 2 * time.Second

// lease is a partition's, as its owner sees it. Safe for concurrent use.
type lease struct {
	since   time.Time // the monotonic clock's origin
	renewed atomic.Int64

	// doubt takes the time of a renewal that came after the lease had run out:
	// another may have written since, which the writer has to find out first.
	doubt  chan time.Time
	mu     sync.Mutex
	doubts int // not settled yet; until then renewals do not count
}

// newLease begins before the first renewal is sent.
func newLease(since time.Time) *lease { return &lease{since: since, doubt: make(chan time.Time, 1)} }

// question has the writer find out whether another has written, since the lease
// had run out and was renewed at a time. Until it has, the lease does not hold.
func (l *lease) question(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed.Store(0)
	select {
	case l.doubt <- sent:
		l.doubts++
	default: // the writer has yet to take one, and so looks after this
	}
}

// proved settles one doubt, by a renewal that is known to be good.
func (l *lease) proved(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.doubts--; l.doubts == 0 {
		l.renew(sent)
	}
}

// covered settles one doubt by another that is still open.
func (l *lease) covered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doubts--
}

// extend is renew, but while there is doubt.
func (l *lease) extend(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.doubts == 0 {
		l.renew(sent)
	}
}

// renew counts from a moment before the renewal was sent.
func (l *lease) renew(sent time.Time) { l.renewed.Store(int64(sent.Sub(l.since)) + 1) }

// errLeaseGone says that a partition may be another replica's by now.
var errLeaseGone = errors.New("the lease ran out while the partition was taken over; trying again")

// await returns when the lease holds. Who waits for longer than a lease lasts
// has lost it.
func (l *lease) await(ctx context.Context) error {
	for until := time.Now().Add(leaseFor); !l.holds(); {
		if time.Now().After(until) {
			return errLeaseGone
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// holds tells whether no other replica can own the partition now.
func (l *lease) holds() bool {
	at := l.renewed.Load()
	return at > 0 && time.Since(l.since)-time.Duration(at) < leaseFor
}
