package history

import (
	"fmt"
	"sync"
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
