package history

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/foldtest"
	"github.com/natter-chat/natter/services/history/store/sqlite"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// outage is a store that refuses so many batches; it can be read.
type outage struct {
	store.Store
	refuses atomic.Int64
}

var errAway = errors.New("the store is away")

func (o *outage) Apply(ctx context.Context, p int, from, to store.Position, records []*chatv1.LogRecord) error {
	if o.refuses.Add(-1) >= 0 {
		return errAway
	}
	return o.Store.Apply(ctx, p, from, to, records)
}

// isFold checks that a store equals the fold of the log.
func isFold(t testing.TB, server *natstest.Server, partitions int, live store.Store) {
	t.Helper()
	js, err := jetstream.New(server.Connect(t, natsx.History))
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	// However long both take that hold a long outage's messages, on a slow machine.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if err := foldtest.Check(ctx, js, partitions, live, fresh); err != nil {
		t.Error(err)
	}
}

// TestStoreFarBehind: what does not fit into memory while the store takes
// nothing is read from the log again; sends go on, a room that is not in memory
// waits until the store has caught up, and nothing is stored twice.
func TestStoreFarBehind(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	before := start(t, server, dir)
	before.must(create("c0", "cold", "ana"))
	before.must(create("c1", "warm", "ana"))
	before.must(send("c2", "cold", "ana", message("cold-1", "old", 1)))
	before.stop()

	away := &outage{}
	small := func(s *Service) {
		away.Store = s.store
		s.store, s.held = away, 4<<10
		s.loader = newLoader(away)
	}
	h := start(t, server, dir, small)
	h.must(send("w0", "warm", "ana", message("w0", "before", 1)))
	away.refuses.Store(1 << 40)
	const sends = 300
	for n := range sends {
		id := fmt.Sprint("m", n)
		h.must(send(id, "warm", "ana", message(id, "while the store is away", 1)))
	}
	natstest.Eventually(t, 10*time.Second, "/readyz says that the store takes nothing", func() bool { return h.progress.failing() != nil })
	if again := h.must(send("again", "warm", "ana", message("m0", "while the store is away", 2))); !again.GetDuplicate() || again.GetSeq() != 3 {
		t.Errorf("an id that the store does not have, sent again: %v, want the seq 3 that it got", again)
	}
	h.stop() // and a new owner finds more in the log than it may keep

	away.refuses.Store(3)
	h = start(t, server, dir, small)
	if got := h.must(send("w1", "warm", "ana", message("after", "after", 1))); got.GetSeq() != sends+3 {
		t.Errorf("the next send has seq %d, want %d", got.GetSeq(), sends+3)
	}
	if again := h.must(send("again2", "warm", "ana", message("m7", "while the store is away", 2))); !again.GetDuplicate() || again.GetSeq() != 10 {
		t.Errorf("an id of before, sent again: %v, want seq 10", again)
	}
	if got := h.must(send("c3", "cold", "ana", message("cold-2", "new", 1))); got.GetSeq() != 3 {
		t.Errorf("the cold room goes on at %d, want 3", got.GetSeq())
	}
	if events := h.events("warm", 0); len(events) != sends+3 {
		t.Errorf("%d events, want %d", len(events), sends+3)
	}
	isFold(t, server, h.partitions, away)
}
