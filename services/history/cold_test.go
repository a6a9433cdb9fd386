package history

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// slowLibrary holds one room up until it is let go.
type slowLibrary struct {
	library
	cold string
	let  chan struct{}
}

func (l slowLibrary) Room(ctx context.Context, id string) (*room.State, error) {
	if id == l.cold {
		select {
		case <-l.let:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return l.library.Room(ctx, id)
}

// TestColdRoomDelaysNoWarmOne: while a room of the same partition is being
// loaded, sends into a warm one go on; the cold one's then come in their order.
func TestColdRoomDelaysNoWarmOne(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	before := start(t, server, dir)
	before.must(create("c1", "cold", "ana"))
	before.must(create("c2", "warm", "ana"))
	before.stop()

	let := make(chan struct{})
	h := start(t, server, dir, func(s *Service) {
		s.partitions = 1 // both rooms with one writer
		s.owners.partitions = 1
		s.loader = newLoader(slowLibrary{s.store, "cold", let})
	})
	h.must(send("w0", "warm", "ana", message("w0", "x", 1)))
	answers := make(chan uint32, 3)
	for n := range 3 {
		id := fmt.Sprint("cold", n)
		go func() { answers <- h.must(send(id, "cold", "ana", message(id, id, 1))).GetSeq() }()
	}
	for n := range 50 {
		id := fmt.Sprint("w", n+1)
		if got := h.must(send(id, "warm", "ana", message(id, id, 1))); got.GetSeq() != uint32(n+3) {
			t.Fatalf("warm send %d: %v", n, got)
		}
	}
	select {
	case seq := <-answers:
		t.Fatalf("a send into the cold room was answered with %d before the room was loaded", seq)
	default:
	}
	close(let)
	seen := map[uint32]bool{}
	for range 3 {
		select {
		case seq := <-answers:
			seen[seq] = true
		case <-time.After(20 * time.Second):
			t.Fatal("the cold room's sends are never answered")
		}
	}
	if !seen[2] || !seen[3] || !seen[4] {
		t.Errorf("the cold room's seqs: %v, want 2, 3 and 4", seen)
	}
}
