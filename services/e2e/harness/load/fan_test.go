package load_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/load"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

// TestAFanFindsFaults of a server that says the third message twice and the fifth
// never.
func TestAFanFindsFaults(t *testing.T) {
	t.Parallel()
	times := map[int]int{3: 2, 5: 0}
	if got, err := fanOf(t, time.Second, func(n int) int {
		if many, there := times[n]; there {
			return many
		}
		return 1
	}); err == nil || got.Gaps != 1 || got.Doubles != 1 || got.Lost < 1 {
		t.Errorf("found %+v (%v), want one of each", got, err)
	}
	if got, err := fanOf(t, client.Patience, func(int) int { return 1 }); err != nil || got != (load.Faults{}) {
		t.Errorf("found %+v (%v) where there is none", got, err)
	}
}

// fanOf one member who hears what they say themselves, message n so many times.
func fanOf(t *testing.T, within time.Duration, times func(n int) int) (load.Faults, error) {
	t.Helper()
	enough := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var upgrader websocket.Upgrader
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for n := 1; ; n++ {
			_, payload, err := conn.ReadMessage()
			if err != nil {
				return
			}
			for range times(n) {
				if err := conn.WriteMessage(websocket.TextMessage, payload); err != nil {
					return
				}
			}
			if n == 10 {
				close(enough)
			}
		}
	}))
	defer server.Close()
	fan, err := load.NewFan(load.FanConfig{
		Rooms: 1, Members: 1, Pace: time.Millisecond,
		Enter: func(string, int) (*wire.Conn, error) { return wire.Dial(server.URL, "", client.Patience) },
	})
	if err != nil {
		t.Fatal(err)
	}
	fan.Start()
	<-enough
	return fan.Finish(within)
}
