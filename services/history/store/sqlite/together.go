package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// mostTogether bounds the events and marks of one transaction, if there is more
// than one part in it.
const mostTogether = 20_000

// errApart tells a part that it has to be applied by itself.
var errApart = errors.New("sqlite: not together with others")

// part is what one partition has to apply.
type part struct {
	partition int
	from, to  store.Position
	records   []*chatv1.LogRecord
	done      chan error // how it went, if another one's caller has taken it along
}

func (p *part) weight() (n int) {
	for _, r := range p.records {
		n += len(r.GetEvents()) + len(r.GetMarks())
	}
	return n
}

// together has partitions that apply at the same time share a transaction: there
// is one that writes at a time anyway, and messages cost less the more of them it
// has. Where that fails, each is applied by itself, and fails by itself. Safe
// for concurrent use.
type together struct {
	transact func(ctx context.Context, parts []*part) error
	lead     chan struct{} // holds a token while somebody applies

	mu      sync.Mutex
	waiting []*part
}

func newTogether(transact func(ctx context.Context, parts []*part) error) *together {
	return &together{transact: transact, lead: make(chan struct{}, 1)}
}

// apply waits for its turn, or for somebody to take the part along. If ctx ends
// then, it is not known whether it is applied.
func (t *together) apply(ctx context.Context, p *part) error {
	t.mu.Lock()
	t.waiting = append(t.waiting, p)
	t.mu.Unlock()
	select {
	case err := <-p.done:
		return t.alone(ctx, p, err)
	case <-ctx.Done():
		t.leave(p)
		return ctx.Err()
	case t.lead <- struct{}{}:
	}
	if ctx.Err() != nil { // others would fail with it
		<-t.lead
		t.leave(p)
		return ctx.Err()
	}
	parts := t.take(p)
	if parts == nil { // it was taken along just now
		<-t.lead
		return t.alone(ctx, p, <-p.done)
	}
	err := t.transact(ctx, parts)
	if err != nil && len(parts) > 1 {
		err = errApart
	}
	for _, other := range parts {
		if other != p {
			other.done <- err
		}
	}
	<-t.lead
	return t.alone(ctx, p, err)
}

// alone applies a part by itself, if that is what came of it.
func (t *together) alone(ctx context.Context, p *part, err error) error {
	if !errors.Is(err, errApart) {
		return err
	}
	select {
	case t.lead <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t.lead }()
	return t.transact(ctx, []*part{p})
}

// take is a part and those that came before and after it, as many as go
// together; nil if it is not there any more.
func (t *together) take(p *part) (parts []*part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := slices.Index(t.waiting, p)
	if at < 0 {
		return nil
	}
	t.waiting = slices.Delete(t.waiting, at, at+1)
	parts, weight := []*part{p}, p.weight()
	n := 0
	for ; n < len(t.waiting); n++ {
		if weight += t.waiting[n].weight(); weight > mostTogether {
			break
		}
		parts = append(parts, t.waiting[n])
	}
	t.waiting = slices.Delete(t.waiting, 0, n)
	return parts
}

func (t *together) leave(p *part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = slices.DeleteFunc(t.waiting, func(other *part) bool { return other == p })
}
