//go:build e2e

package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

const (
	killedRooms    = 10
	killedPerRoom  = 100
	presenceLease  = 5 * time.Second
	presenceGrace  = 10 * time.Second
	presenceLeeway = 5 * time.Second // of a loaded machine
)

// TestKilledGateway: with 1,000 sessions on it. Users who came back elsewhere
// are never seen to go; the others are, once, after the lease and the grace.
func TestKilledGateway(t *testing.T) {
	d := alone(t, shape.Split(), append(withoutLimits(), "NATTER_LOG_LEVEL=info")...)
	user := func(room, i int) string { return fmt.Sprintf("user-%d-%02d", room, i) }
	watchers := make([]*session, killedRooms)
	for room := range watchers {
		watchers[room] = enter(t, d, 1, fmt.Sprintf("watcher-%d", room))
		members := make([]string, killedPerRoom)
		for i := range members {
			members[i] = user(room, i)
		}
		watchers[room].create(fmt.Sprintf("room-%d", room), M{"members": members})
	}
	connect := func(gateway, from int) {
		var group errgroup.Group
		group.SetLimit(16)
		for room := range killedRooms {
			for i := from; i < killedPerRoom; i += 1 + from {
				group.Go(func() error {
					c, err := client.Dial(t.Context(), d.Gateways[gateway], client.Options{})
					if err != nil {
						return err
					}
					t.Cleanup(func() { c.Close() })
					_, err = c.Hello(t.Context(), M{"token": token.For(user(room, i), "").Sign(d.JWTSecret)})
					return err
				})
			}
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	connect(0, 0)
	marks := make([]int, killedRooms)
	for room, w := range watchers {
		id := fmt.Sprintf("room-%d", room)
		w.await("all are here", 0, func(f client.Frame) bool {
			return f.PresenceChange != nil && f.PresenceChange.Room == id && f.PresenceChange.Online == killedPerRoom+1
		})
		marks[room] = w.Mark()
	}

	killed := time.Now()
	if err := d.Process("gateway-1").Kill(); err != nil {
		t.Fatal(err)
	}
	connect(1, 1) // every second one
	back := time.Since(killed)
	if back > presenceGrace {
		t.Fatalf("it took %s to come back: the machine is too slow for this test", back)
	}
	for room, w := range watchers {
		id := fmt.Sprintf("room-%d", room)
		w.await("half are gone", marks[room], func(f client.Frame) bool {
			return f.PresenceChange != nil && f.PresenceChange.Room == id && f.PresenceChange.Online == killedPerRoom/2+1
		})
	}
	took := time.Since(killed)
	t.Logf("500 of 1,000 were back after %s; the others were shown as gone after %s", back.Round(time.Millisecond), took.Round(time.Millisecond))
	if least, most := presenceLease+presenceGrace-time.Second, presenceLease+presenceGrace+presenceLeeway; took < least || took > most {
		t.Errorf("the others were shown as gone after %s, not between %s and %s", took, least, most)
	}
	wait(3 * time.Second) // in which a flicker would be seen
	for room, w := range watchers {
		gone := map[string]int{}
		for _, f := range w.Since(marks[room]) {
			if f.PresenceChange == nil {
				continue
			}
			for i := range killedPerRoom {
				if f.PresenceChange.State(user(room, i)) == "OFFLINE" {
					gone[user(room, i)]++
				}
			}
		}
		for i := range killedPerRoom {
			if want := 1 - i%2; gone[user(room, i)] != want {
				t.Errorf("%s was shown as gone %d times, not %d", user(room, i), gone[user(room, i)], want)
			}
		}
	}
}
