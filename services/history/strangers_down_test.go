package history

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// downStore is a store that can be away.
type downStore struct {
	store.Store
	down    atomic.Bool
	refused atomic.Int32
}

func (d *downStore) Apply(ctx context.Context, p int, from, to store.Position, r []*chatv1.LogRecord) error {
	if d.down.Load() {
		d.refused.Add(1)
		return errAway
	}
	return d.Store.Apply(ctx, p, from, to, r)
}

func (d *downStore) RoomsOf(ctx context.Context, user string, limit int) ([]string, error) {
	if d.down.Load() {
		return nil, errAway
	}
	return d.Store.RoomsOf(ctx, user, limit)
}

// TestNoStrangerWhileTheStoreIsAway: who has come into a room is not said to be in
// none, also where the store does not take it.
func TestNoStrangerWhileTheStoreIsAway(t *testing.T) {
	d := &downStore{}
	h := start(t, natstest.Start(t), t.TempDir(), func(s *Service) {
		d.Store = s.strangers.Store
		s.strangers.Store = d
	})
	h.must(create("c", "lobby", "ana"))
	natstest.Eventually(t, time.Minute, "it is known who is in a room", func() bool { return h.strangers.certain("bo") })
	d.down.Store(true)
	h.must(send("s", "lobby", "ana", message("m", "something that the store does not take", 1)))
	natstest.Eventually(t, time.Minute, "the store refuses", func() bool { return d.refused.Load() > 0 })
	h.must(join("j", "lobby", "bo"))
	if h.strangers.certain("bo") {
		t.Error("bo has joined, and is said to be in no room")
	}
	d.down.Store(false)
}
