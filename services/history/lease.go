package history

import (
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
}

// newLease begins before the first renewal is sent.
func newLease(since time.Time) *lease { return &lease{since: since} }

// renew counts from a moment before the renewal was sent.
func (l *lease) renew(sent time.Time) { l.renewed.Store(int64(sent.Sub(l.since)) + 1) }

// holds tells whether no other replica can own the partition now.
func (l *lease) holds() bool {
	at := l.renewed.Load()
	return at > 0 && time.Since(l.since)-time.Duration(at) < leaseFor
}
