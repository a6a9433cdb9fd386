//go:build unix

package e2e_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

// BenchmarkSplitSessions is what a connection costs each service of the split
// shape, with two gateways, while nobody speaks: CPU of its coming until it is live
// in a room of 50, memory that all processes grew by, CPU of a second of being
// there (without pings), and of one ping and its answer at the gateway. It
// takes its time, whatever -benchtime says; with 1x it is few people, and short.
func BenchmarkSplitSessions(b *testing.B) {
	rooms, measured, pings := 40, 5*time.Second, "10m"
	if onceOnly() {
		rooms, measured, pings = 4, time.Second, "1s"
	}
	count := float64(rooms * splitPerRoom)
	files(b, uint64(count)*2+500)

	d := startSplit(b, 2, pings)
	before, used := residentOf(b, d), cpuOf(b, d)
	guests := splitCrowd(b, d, rooms)
	settle(b, d)
	arrival, grown := cpuOf(b, d).minus(used), residentOf(b, d).minus(before)
	asked, idle := guests.during(b, measured)
	pinged := idle
	guests.leave(b)
	if !onceOnly() { // the same with pings; to try it once, the ones are the others
		if err := d.Stop(); err != nil {
			b.Error(err)
		}
		d = startSplit(b, 2, "1s")
		guests = splitCrowd(b, d, rooms)
		settle(b, d)
		asked, pinged = guests.during(b, measured)
		guests.leave(b)
	}
	if err := d.Stop(); err != nil {
		b.Error(err)
	}
	if asked == 0 {
		b.Fatal("nobody was pinged")
	}

	b.ReportMetric(0, "ns/op")
	arrival.report(b, count, 1e6, "µs/arrival")
	grown.report(b, count, 1, "rss-B/session")
	idle.report(b, count*measured.Seconds(), 1e6, "µs/session-second")
	b.ReportMetric(pinged["gateway"]/float64(asked)*1e6, "gateway-µs/ping")
}

const splitPerRoom = 50

// splitGuests are people who are there, and answer pings.
type splitGuests struct {
	d       *shape.Deployment
	conns   []*wire.Conn
	pings   atomic.Int64
	gone    atomic.Bool
	reading errgroup.Group
}

// splitCrowd has so many rooms of people come, some at a time.
func splitCrowd(b *testing.B, d *shape.Deployment, rooms int) *splitGuests {
	b.Helper()
	guests := &splitGuests{d: d, conns: make([]*wire.Conn, rooms*splitPerRoom)}
	b.Cleanup(guests.close)
	name := func(i int) string { return fmt.Sprint("guest-", i) }
	come := func(i int, others []string) (err error) {
		jwt := token.For(name(i), name(i)).Sign(d.JWTSecret)
		if guests.conns[i], err = comeIn(gateway(d, i), jwt, fmt.Sprint("room-", i/splitPerRoom), others); err != nil {
			return err
		}
		guests.reading.Go(func() error { return guests.read(guests.conns[i]) })
		return guests.conns[i].SetDeadline(time.Time{})
	}
	var coming errgroup.Group
	coming.SetLimit(32)
	for first := 0; first < len(guests.conns); first += splitPerRoom {
		coming.Go(func() error { // who makes a room comes before its members
			var others []string
			for i := first + 1; i < first+splitPerRoom; i++ {
				others = append(others, name(i))
			}
			if err := come(first, others); err != nil {
				return err
			}
			for i := first + 1; i < first+splitPerRoom; i++ {
				if err := come(i, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := coming.Wait(); err != nil {
		b.Fatal(err)
	}
	return guests
}

// read answers pings until the connection ends.
func (g *splitGuests) read(c *wire.Conn) error {
	for {
		opcode, payload, err := c.Read()
		switch {
		case g.gone.Load():
			return nil
		case err != nil:
			return err
		case opcode == wire.Close:
			return fmt.Errorf("closed: %q", payload)
		case opcode == wire.Ping:
			g.pings.Add(1)
			if _, err := c.Write(wire.Append(nil, wire.Pong, payload)); err != nil && !g.gone.Load() {
				return err
			}
		}
	}
}

// during is how many pings came in a time, and what the services used in it.
func (g *splitGuests) during(b *testing.B, d time.Duration) (int64, costs) {
	b.Helper()
	pings, used := g.pings.Load(), cpuOf(b, g.d)
	wait(d)
	return g.pings.Load() - pings, cpuOf(b, g.d).minus(used)
}

// leave ends it; a connection that had ended before is a failure.
func (g *splitGuests) leave(b *testing.B) {
	b.Helper()
	g.close()
	if err := g.reading.Wait(); err != nil {
		b.Fatal(err)
	}
}

func (g *splitGuests) close() {
	g.gone.Store(true)
	for _, c := range g.conns {
		if c != nil {
			c.Close()
		}
	}
}
