package history

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// backlog is a queue of stored records from the writer to the projector. Safe
// for concurrent use by one of each.
type backlog struct {
	mu      sync.Mutex
	records []*chatv1.LogRecord
	bytes   int
	some    chan struct{} // holds a token while there may be records
}

func newBacklog() *backlog { return &backlog{some: make(chan struct{}, 1)} }

func (b *backlog) put(r *chatv1.LogRecord) {
	b.mu.Lock()
	b.records = append(b.records, r)
	b.bytes += proto.Size(r)
	b.mu.Unlock()
	select {
	case b.some <- struct{}{}:
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

// take is what there is, up to a number of events (one record at least).
func (b *backlog) take(events int) []*chatv1.LogRecord {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, count := 0, 0
	for n < len(b.records) && count < events {
		count += len(b.records[n].GetEvents()) + len(b.records[n].GetMarks())
		b.bytes -= proto.Size(b.records[n])
		n++
	}
	taken := b.records[:n:n]
	b.records = b.records[n:]
	return taken
}

// size is how many bytes wait.
func (b *backlog) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes
}
