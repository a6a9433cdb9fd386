//go:build !race

// The race detector's build allocates otherwise, and its pools lose things at
// random, so there this says nothing.

package gateway

import (
	"runtime/debug"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestAllocationsOfADelivery: what a message costs on its way to the outboxes is
// paid once for all who are there, not for each.
func TestAllocationsOfADelivery(t *testing.T) {
	// A collection empties the pools, whoever's garbage made it due.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const messages = 10
	const most = 12 // for each message, its own event with it
	perMessage := func(sessions int) float64 {
		f := benchFeed(t, sessions)
		var d dirty
		give := func() {
			for range messages {
				f.receive([]*chatv1.Event{benchMessage(f.last + 1)}, source{received: []int64{1}}, &d)
			}
			for _, s := range f.seats {
				s.session.out().drop()
			}
			clear(d.outboxes)
			d.outboxes = d.outboxes[:0]
			d.deliveries.written()
		}
		give() // slices grow
		return testing.AllocsPerRun(100, give) / messages
	}
	few, many := perMessage(10), perMessage(300)
	if few > most || many > most {
		t.Errorf("a message takes %v allocations for 10 sessions and %v for 300; at most %v are allowed", few, many, most)
	}
	if many > few+1 {
		t.Errorf("a message takes %v allocations for 300 sessions, and %v for 10: more sessions may cost none more", many, few)
	}
}
