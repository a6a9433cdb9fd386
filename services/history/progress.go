package history

import (
	"context"
	"sync"
	"time"
)

// lookAgain is how often the store is asked while one waits for what another
// replica may apply.
const lookAgain = 25 * time.Millisecond

// progress tells readers when the store has come as far as they need. Safe for
// concurrent use.
type progress struct {
	mu      sync.Mutex
	changed chan struct{} // closed when something was applied
	want    chan struct{} // closed when a reader waits for that
	waiting bool
	err     error
	// shared: other replicas apply to the store, too.
	shared bool
}

func newProgress(shared bool) *progress {
	return &progress{changed: make(chan struct{}), want: make(chan struct{}), shared: shared}
}

// wanted is closed once somebody waits for the store to come further.
func (p *progress) wanted() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.want
}

func (p *progress) advance() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = nil
	close(p.changed)
	p.changed = make(chan struct{})
	if p.waiting {
		p.waiting, p.want = false, make(chan struct{})
	}
}

func (p *progress) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// failing is why the store takes nothing; nil: it does.
func (p *progress) failing() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// until returns when done says so, asked now and after each change, or ctx ends.
func (p *progress) until(ctx context.Context, done func() (bool, error)) error {
	var again <-chan time.Time
	if p.shared {
		tick := time.NewTicker(lookAgain)
		defer tick.Stop()
		again = tick.C
	}
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if ok, err := done(); ok || err != nil {
			return err
		}
		p.hurry(changed)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		case <-again:
		}
	}
}

// hurry wakes the projectors, unless something was applied since.
func (p *progress) hurry(since chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.waiting && p.changed == since {
		p.waiting = true
		close(p.want)
	}
}
