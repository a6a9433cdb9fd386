//go:build unix

package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

const (
	idleRooms   = 100
	idlePerRoom = 50
	idle        = idleRooms * idlePerRoom
)

// BenchmarkIdleSessions is what a connection costs that does nothing: 5,000
// people, greeted, each live in a room of 50, measured at the standalone
// program from outside, beside what it took before they came. Live heap after a
// collection, stacks, and resident memory, which still holds what the arrivals
// left behind. The rooms themselves are counted in.
func BenchmarkIdleSessions(b *testing.B) {
	files(b, idle+500)
	d := alone(b, shape.Standalone(), append(withoutLimits(), "NATTER_LOG_LEVEL=warn", "NATTER_PING_INTERVAL=10m")...)
	before := settledMemory(b, d)
	began := time.Now()
	conns := make([]*wire.Conn, idle)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	come := func(first, step int) { // who makes a room comes before its members
		var group errgroup.Group
		group.SetLimit(32)
		for i := first; i < idle; i += step {
			if step == 1 && i%idlePerRoom == 0 {
				continue
			}
			group.Go(func() (err error) {
				conns[i], err = idler(d, i)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	come(0, idlePerRoom)
	come(1, 1)
	arrived := time.Since(began)
	after := settledMemory(b, d)
	if sessions := gauge(b, d, "natter_gateway_sessions"); sessions < idle {
		b.Fatalf("%v sessions are there, not %d", sessions, idle)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric((after.heap-before.heap)/idle, "heap-B/session")
	b.ReportMetric((after.stacks-before.stacks)/idle, "stack-B/session")
	b.ReportMetric((after.heap+after.stacks-before.heap-before.stacks)/idle, "B/session")
	b.ReportMetric((after.resident-before.resident)/idle, "rss-B/session")
	b.ReportMetric(idle/arrived.Seconds(), "hellos/s")
}

// files makes sure that so many connections may be open, here and in what is
// started from here.
func files(b *testing.B, needed uint64) {
	b.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		b.Fatal(err)
	}
	if limit.Max < needed {
		b.Fatalf("this needs %d open files, and a process may have %d here; raise the hard limit (ulimit -Hn)", needed, limit.Max)
	}
	limit.Cur = max(limit.Cur, needed)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		b.Fatalf("open files could not be set to %d: %v", limit.Cur, err)
	}
}

// idler is the i-th of all: connected, greeted, and live in a room, which the
// first of each room makes.
func idler(d *shape.Deployment, i int) (*wire.Conn, error) {
	name := func(i int) string { return fmt.Sprint("idler-", i) }
	var others []string
	if i%idlePerRoom == 0 {
		for n := i + 1; n < i+idlePerRoom; n++ {
			others = append(others, name(n))
		}
	}
	return comeIn(gateway(d, 0), token.For(name(i), name(i)).Sign(d.JWTSecret), fmt.Sprint("idle-", i/idlePerRoom), others)
}

// comeIn connects a member of a room, greeted, and live in it. With others it
// makes the room, and them its members.
func comeIn(gateway, jwt, room string, others []string) (*wire.Conn, error) {
	c, err := wire.Dial(gateway, client.Subprotocol, client.Patience)
	if err != nil {
		return nil, err
	}
	say := func(frame string) error {
		_, err := c.Write(wire.Append(nil, wire.Text, []byte(frame)))
		return err
	}
	if err := c.SetDeadline(time.Now().Add(2 * client.Patience)); err != nil {
		return c, err
	}
	if err := say(`{"id":1,"hello":{"token":"` + jwt + `"}}`); err != nil {
		return c, err
	}
	if len(others) > 0 {
		members, err := json.Marshal(others)
		if err != nil {
			return c, err
		}
		if err := say(fmt.Sprintf(`{"id":2,"createRoom":{"room":%q,"name":"Bench","kind":"PUBLIC","members":%s}}`, room, members)); err != nil {
			return c, err
		}
	}
	// In the welcome, or by itself where the archive is a moment behind.
	live := []byte(`{"room":"` + room + `","name":`)
	for {
		opcode, payload, err := c.Read()
		switch {
		case err != nil:
			return c, fmt.Errorf("%s is not live: %w", room, err)
		case opcode == wire.Close || bytes.Contains(payload, []byte(`"error":`)):
			return c, fmt.Errorf("%s: %s", room, payload)
		case bytes.Contains(payload, live):
			return c, nil
		}
	}
}

// memory of a program, in bytes.
type memory struct{ heap, stacks, resident float64 }

// settledMemory is what natter holds when it has come to rest.
func settledMemory(b *testing.B, d *shape.Deployment) memory {
	b.Helper()
	var last memory
	for range 30 {
		// A heap profile on demand begins with a collection.
		if _, err := io.Copy(io.Discard, get(b, d.Ops[0]+"/debug/pprof/heap?gc=1").Body); err != nil {
			b.Fatal(err)
		}
		now := memory{
			heap:     gauge(b, d, "go_memstats_heap_alloc_bytes"),
			stacks:   gauge(b, d, "go_memstats_stack_inuse_bytes"),
			resident: gauge(b, d, "process_resident_memory_bytes"),
		}
		if math.Abs(now.heap-last.heap) < now.heap/100 {
			return now
		}
		last = now
		wait(time.Second)
	}
	return last
}

// gauge is a number without labels that natter tells of itself.
func gauge(b *testing.B, d *shape.Deployment, name string) float64 {
	b.Helper()
	lines := bufio.NewScanner(get(b, d.Ops[0]+"/metrics").Body)
	for lines.Scan() {
		if text, found := strings.CutPrefix(lines.Text(), name+" "); found {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				b.Fatal(err)
			}
			return value
		}
	}
	b.Fatalf("there is no metric %s", name)
	return 0
}
