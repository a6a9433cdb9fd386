package gateway

import (
	"fmt"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestGoawaysAreSpread over the time that there is to go, so that the other
// gateways are not stormed.
func TestGoawaysAreSpread(t *testing.T) {
	t.Parallel()
	const drain = 10 * time.Second // nobody stays for so long
	r := start(t, func(c *Config) { c.Drain = drain })
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	clients := make([]*client, 40)
	for i := range clients {
		clients[i], _ = r.hello(t, fmt.Sprintf("user-%d", i))
	}
	stopped := make(chan struct{})
	go func() { r.stop(); close(stopped) }()
	early, late := 0, 0
	for _, c := range clients {
		switch after := time.Duration(c.expect("goaway")["afterMs"].(float64)) * time.Millisecond; {
		case after > drain:
			t.Errorf("asked to go after %s; the drain takes %s", after, drain)
		case after < drain/2:
			early++
		default:
			late++
		}
		_ = c.conn.Close()
	}
	if early == 0 || late == 0 {
		t.Errorf("%d are to go in the first half of the time, %d in the second", early, late)
	}
	<-stopped
}
