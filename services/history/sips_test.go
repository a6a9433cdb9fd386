package history

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// sipper is a store that takes so many records at once: more run into its time.
type sipper struct {
	store.Store
	most    atomic.Int64
	refused atomic.Int64
}

func (s *sipper) Apply(ctx context.Context, p int, from, to store.Position, records []*chatv1.LogRecord) error {
	if int64(len(records)) > s.most.Load() {
		s.refused.Add(1)
		return errAway
	}
	return s.Store.Apply(ctx, p, from, to, records)
}

// TestASlowStoreGetsLessAtOnce: what it does not take as a whole, it gets in
// parts, until it has all.
func TestASlowStoreGetsLessAtOnce(t *testing.T) {
	server, slow := natstest.Start(t), &sipper{}
	slow.most.Store(1 << 40)
	h := start(t, server, t.TempDir(), func(s *Service) {
		slow.Store = s.store
		s.store = slow
		s.loader = newLoader(slow)
	})
	h.must(create("c", "lobby", "ana"))
	natstest.Eventually(t, time.Minute, "the store has the room", func() bool { return h.caughtUp(t.Context()) == nil })
	slow.most.Store(0)
	const sends = 60
	for n := range sends {
		id := fmt.Sprint("m", n)
		h.must(send(id, "lobby", "ana", message(id, "while the store is away", 1)))
	}
	slow.most.Store(4)
	natstest.Eventually(t, time.Minute, "the store has it all", func() bool { return h.caughtUp(t.Context()) == nil })
	if slow.refused.Load() == 0 {
		t.Error("the store refused nothing: this test shows nothing")
	}
	isFold(t, server, h.partitions, slow)
}
