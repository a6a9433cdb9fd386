//go:build unix

package e2e_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/load"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

// splitCase is how many people talk, and how much.
type splitCase struct {
	rooms, members int
	// load is "inflight-N", N messages of each room under way, as fast as they
	// go; or "N-a-second", in all rooms together.
	load     string
	inFlight int
	pace     time.Duration // between two messages of a room
}

// splitGrid is what is measured with so many gateways: all of it with two, and
// with others what tells how cost grows with them. At most 1,000 people, so that
// the machine that is measured also holds who measures.
func splitGrid(gateways int) []splitCase {
	sizes := []struct{ rooms, members int }{{1, 10}, {1, 100}, {1, 1000}, {10, 10}, {10, 100}, {100, 10}}
	if gateways != 2 {
		sizes = sizes[3:]
	}
	var grid []splitCase
	for _, size := range sizes {
		grid = append(grid, splitCase{rooms: size.rooms, members: size.members, load: "inflight-4", inFlight: 4})
	}
	return append(grid, splitCase{rooms: 100, members: 10, load: "200-a-second", pace: 500 * time.Millisecond})
}

// BenchmarkSplit is what a message costs each service where all of them, and
// NATS, are processes of their own: CPU for each send and for each delivery,
// with more members, rooms and gateways, over which the members are spread
// evenly. "all" is the four together. Every listener looks whether it hears all,
// once and in order, or it fails. It takes its time, whatever -benchtime says;
// with 1x it is one case, and short.
func BenchmarkSplit(b *testing.B) {
	files(b, 2500)
	gateways, grid, measured := []int{1, 2, 4}, splitGrid, 2*time.Second
	if onceOnly() {
		gateways, measured = []int{2}, time.Second
		grid = func(int) []splitCase { return splitGrid(1)[:1] }
	}
	for _, count := range gateways {
		b.Run(fmt.Sprint("gateways=", count), func(b *testing.B) {
			d := startSplit(b, count, "10m")
			runs := 0
			for _, c := range grid(count) {
				b.Run(fmt.Sprintf("rooms=%d/members=%d/load=%s", c.rooms, c.members, c.load), func(b *testing.B) {
					runs++
					splitTalk(b, d, c, fmt.Sprint("split-", runs), measured)
				})
			}
			if err := d.Stop(); err != nil {
				b.Error(err)
			}
		})
	}
}

// onceOnly: whether the benchmarks are only to be tried, -benchtime 1x.
func onceOnly() bool {
	f := flag.Lookup("test.benchtime")
	return f != nil && f.Value.String() == "1x"
}

// startSplit starts the split shape with so many gateways.
func startSplit(b *testing.B, gateways int, pings string) *shape.Deployment {
	b.Helper()
	d := preparedAs(b, shape.Split(), shape.Config{
		Gateways: gateways,
		Env:      append(withoutLimits(), "NATTER_LOG_LEVEL=warn", "NATTER_DRAIN=100ms", "NATTER_PING_INTERVAL="+pings),
	})
	if err := d.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	return d
}

// splitTalk measures one case, after half of its time to warm up.
func splitTalk(b *testing.B, d *shape.Deployment, c splitCase, name string, measured time.Duration) {
	f, err := load.NewFan(load.FanConfig{
		Name: name, Rooms: c.rooms, Members: c.members, InFlight: c.inFlight, Pace: c.pace,
		Enter: func(room string, member int) (*wire.Conn, error) {
			user, enter := fmt.Sprint(room, "-", member), fmt.Sprintf(`"join":{"room":%q}`, room)
			if member == 0 {
				enter = fmt.Sprintf(`"createRoom":{"room":%q,"name":"Split","kind":"PUBLIC"}`, room)
			}
			s, err := load.NewStream(gateway(d, member), token.For(user, user).Sign(d.JWTSecret), room, enter, 1)
			if err != nil {
				return nil, err
			}
			return s.Conn(), s.Conn().SetDeadline(time.Time{})
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	settle(b, d)
	f.Start()
	wait(measured / 2)
	heard, used, began := f.Heard(), cpuOf(b, d), time.Now()
	wait(measured)
	for range 2 { // where few were sent, longer
		if f.Heard()-heard < int64(200*c.members) && !onceOnly() {
			wait(measured)
		}
	}
	heard, used = f.Heard()-heard, cpuOf(b, d).minus(used)
	took := time.Since(began)
	faults, err := f.Finish(client.Patience)
	if err != nil {
		b.Fatal(err)
	}
	if heard == 0 {
		b.Fatal("nothing was heard")
	}
	b.ReportMetric(0, "ns/op")
	used.report(b, float64(heard)/float64(c.members), 1e6, "µs/send")
	used.report(b, float64(heard), 1e6, "µs/delivery")
	b.ReportMetric(float64(heard)/took.Seconds(), "deliveries/s")
	b.ReportMetric(float64(faults.Gaps), "gaps")
	b.ReportMetric(float64(faults.Doubles), "doubles")
	b.ReportMetric(float64(faults.Lost), "lost")
}
