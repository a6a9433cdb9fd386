package history

import (
	"context"
	"fmt"
	"sync"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// trouble is why partitions cannot be written, for /readyz. Safe for
// concurrent use.
type trouble struct {
	mu   sync.Mutex
	errs map[int]error
}

func (t *trouble) set(partition int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.errs == nil {
		t.errs = map[int]error{}
	}
	t.errs[partition] = err
}

// of one partition; nil: none.
func (t *trouble) of(partition int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.errs[partition]
}

func (t *trouble) get() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, err := range t.errs {
		if err != nil {
			return fmt.Errorf("partition %d: %w", p, err)
		}
	}
	return nil
}

// settledJournal clears the trouble once an append is decided.
type settledJournal struct {
	*journal
	clear func()
}

func (j settledJournal) append(ctx context.Context, r *chatv1.LogRecord) (fate, error) {
	fate, err := j.journal.append(ctx, r)
	if err == nil {
		j.clear()
	}
	return fate, err
}
