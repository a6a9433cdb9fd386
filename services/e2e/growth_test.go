package e2e_test

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

// Gauges of a gateway's process, and how much two of them may differ after
// thousands of connections.
const (
	heap       = "go_memstats_heap_alloc_bytes"
	goroutines = "go_goroutines"
	sessions   = "natter_gateway_sessions"

	mostHeap       = 2 << 20
	mostGoroutines = 20
)

// TestBadConnectionsLeaveNothing: thousands of connections that break the
// protocol in every way, or only open and go, leave no memory, goroutine or
// session behind.
func TestBadConnectionsLeaveNothing(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Standalone())
	const warm, rounds, atOnce = 2, 50, 32
	// A header that announces much must not be believed: one that was would be
	// 64 KiB for each of the connections that wait at the same time.
	var held []*wire.Conn
	announce := func() {
		c, err := wire.Dial(gateway(d, 0), client.Subprotocol, client.Patience)
		if err != nil {
			t.Error(err)
			return
		}
		held = append(held, c)
		if _, err := c.Write(sized(final|wire.Text, 8, frameLimit)); err != nil {
			t.Error(err)
		}
	}
	connections := 0
	round := func() {
		var wg sync.WaitGroup
		places := make(chan struct{}, atOnce)
		for _, v := range violations() {
			if len(v.bytes) > 100_000 {
				continue
			}
			connections++
			places <- struct{}{}
			wg.Go(func() {
				defer func() { <-places }()
				if _, err := closeOf(gateway(d, 0), v.bytes); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	for range warm {
		round()
	}
	before := atRest(t, d)
	for range rounds {
		round()
	}
	// The timer's list forgets a session after its hello should have come, 10 s.
	after := atRest(t, d)
	grown := func(name string) float64 { return after[name] - before[name] }
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); (grown(heap) > mostHeap || grown(goroutines) > mostGoroutines) && time.Since(began) < client.Patience; <-tick.C {
		after = atRest(t, d)
	}
	t.Logf("%d connections: before %v, after %v", connections, before, after)
	if grown(heap) > mostHeap || grown(goroutines) > mostGoroutines || after[sessions] != 0 {
		t.Errorf("left over are %.0f bytes, %.0f goroutines, %.0f sessions", grown(heap), grown(goroutines), after[sessions])
	}
	const waiting = 200
	for range waiting {
		announce()
	}
	full := gauges(t, d)
	for _, c := range held {
		c.Close()
	}
	if grown := full[heap] - after[heap]; grown > waiting*frameLimit/2 {
		t.Errorf("%d frames that were announced and not sent hold %.0f bytes", waiting, grown)
	}
}

// atRest are the gauges once the connections are gone, at their lowest over
// some collections.
func atRest(t *testing.T, d *shape.Deployment) map[string]float64 {
	t.Helper()
	var lowest map[string]float64
	for range 10 {
		// A heap profile begins with a collection.
		get(t, d.Ops[0]+"/debug/pprof/heap?gc=1").Body.Close()
		now := gauges(t, d)
		if lowest == nil {
			lowest = now
		}
		for name, value := range now {
			lowest[name] = min(lowest[name], value)
		}
	}
	return lowest
}

// gauges are what the program tells of itself.
func gauges(t *testing.T, d *shape.Deployment) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	lines := bufio.NewScanner(get(t, d.Ops[0]+"/metrics").Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case heap, goroutines, sessions:
			number, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(fmt.Errorf("%s: %w", lines.Text(), err))
			}
			values[name] = number
		}
	}
	if len(values) != 3 {
		t.Fatalf("of three gauges there are %v", values)
	}
	return values
}
