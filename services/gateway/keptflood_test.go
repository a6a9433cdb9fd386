package gateway

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestKeptPagesAreBounded: pages that cost history nothing do not come without end.
// Beyond the rate of requests they are asked of history, so many at once.
func TestKeptPagesAreBounded(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.RequestsPerSecond, c.RequestsBurst = 1, 10 })
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC, "ana")
	r.town.Post("ana", "lobby", "1", "first")
	ana, _ := r.hello(t, "ana")
	ana.must("page", "messages", object{"room": "lobby", "limit": 50})
	const burst = 10
	for range 2 * burst {
		ana.must("page", "messages", object{"room": "lobby", "limit": 50})
	}
	if asked := r.town.Asked().Pages; asked < burst-2 {
		t.Errorf("history was asked for %d pages of %d; no more than %d may come from what is kept", asked, 2*burst+1, burst)
	}
}
