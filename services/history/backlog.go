package history

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// backlog is a queue of stored records from the writer to the projector. Over a
// limit it keeps no more of them: they are in the log, and are read from there.
// Safe for concurrent use by one of each.
type backlog struct {
	limit int                     // bytes
	sees  func(*chatv1.LogRecord) // all that is put, before it is applied or known to be stored

	mu      sync.Mutex
	records []*chatv1.LogRecord
	bytes   int
	// left is the sequence of the last record that is only in the log; 0: none.
	// While there is one, no other is kept, so that the order stays.
	left uint64
	// waiting counts the events and marks that the store does not have.
	waiting int
	some    chan struct{} // holds a token while there may be records
	members chan struct{} // and while some may change memberships
}

func newBacklog(limit int) *backlog {
	return &backlog{limit: limit, sees: func(*chatv1.LogRecord) {}, some: make(chan struct{}, 1), members: make(chan struct{}, 1)}
}

// weight of a record in the backlog's count.
func weightOf(r *chatv1.LogRecord) int { return len(r.GetEvents()) + len(r.GetMarks()) }

func (b *backlog) put(r *chatv1.LogRecord) {
	b.sees(r)
	size := proto.Size(r)
	b.mu.Lock()
	b.waiting += weightOf(r)
	if b.left > 0 || b.bytes+size > b.limit && len(b.records) > 0 {
		b.left = r.GetSequence()
	} else {
		b.records = append(b.records, r)
		b.bytes += size
	}
	b.mu.Unlock()
	if slices.ContainsFunc(r.GetEvents(), func(e *chatv1.Event) bool { return len(membershipsOf(e)) > 0 }) {
		signal(b.members)
	}
	signal(b.some)
}

// signal puts a token into a channel of one, unless there is one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wait returns when there is something, or ctx ends.
func (b *backlog) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-b.some:
		return nil
	}
}

// take is what there is, up to a number of events (one record at least). Where
// there is nothing, left is the last record that is only in the log; 0: none.
func (b *backlog) take(events int) (records []*chatv1.LogRecord, left uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, count := 0, 0
	for n < len(b.records) && count < events {
		count += weightOf(b.records[n])
		b.bytes -= proto.Size(b.records[n])
		n++
	}
	taken := b.records[:n:n]
	b.records = b.records[n:]
	if n == 0 {
		left = b.left
	}
	return taken, left
}

// reached says that the log was read up to a sequence: from there on records
// are kept again, unless more were left to the log meanwhile.
func (b *backlog) reached(sequence uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left <= sequence {
		b.left = 0
	}
}

// applied says that the store has records now.
func (b *backlog) applied(records []*chatv1.LogRecord) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range records {
		b.waiting -= weightOf(r)
	}
}

// size is how many events and marks the store does not have.
func (b *backlog) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waiting
}
