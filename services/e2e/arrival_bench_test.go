//go:build unix

package e2e_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/e2e/harness/bare"
	"github.com/natter-chat/natter/services/e2e/harness/load"
	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

const (
	arrivalRooms   = 40
	arrivalPerRoom = 50
	arrivals       = arrivalRooms * arrivalPerRoom
	arrivalMissed  = 20
)

// BenchmarkArrivals is what a connection costs that comes: CPU of the standalone
// program until 2,000 people are greeted and each is live in a room of 50, and
// again when they come back after 20 messages that they missed, beside that of
// 2,000 connections to a bare gorilla server in the same run ("bare-x" is the
// ratio to it). Who comes back gets each of the 20 once and in order, or it
// fails. It takes its time, whatever -benchtime says.
func BenchmarkArrivals(b *testing.B) {
	files(b, 2*arrivals+500)
	plain := arrivalsBare(b)
	d := alone(b, shape.Standalone(), append(withoutLimits(), "NATTER_LOG_LEVEL=warn", "NATTER_PING_INTERVAL=10m")...)
	p := d.Process("natter")
	hosts := make([]*load.Stream, arrivalRooms)
	for r := range hosts {
		host, err := load.NewStream(gateway(d, 0), token.For(fmt.Sprint("host-", r), "Host").Sign(d.JWTSecret), arrivalRoom(r),
			fmt.Sprintf(`"createRoom":{"room":%q,"name":"Arrivals","kind":"PUBLIC"}`, arrivalRoom(r)), 1)
		if err != nil {
			b.Fatal(err)
		}
		defer host.Close()
		hosts[r] = host
	}
	come := func(resume string) float64 {
		return arrive(b, p, func(i int) (*wire.Conn, error) {
			room, user := arrivalRoom(i/arrivalPerRoom), fmt.Sprint("guest-", i)
			s, err := load.NewStream(gateway(d, 0), token.For(user, user).Sign(d.JWTSecret), room, fmt.Sprintf(`"watch":{"room":%q%s}`, room, resume), 1)
			if err != nil {
				return nil, err
			}
			if resume == "" {
				return s.Conn(), nil
			}
			return s.Conn(), missed(s.Conn())
		})
	}
	first := come("")
	for r, host := range hosts {
		for n := range arrivalMissed {
			if err := host.Ask(fmt.Sprintf(`"send":{"room":%q,"clientMsgId":"m%d","text":"%d %0128d","attempt":1}`, arrivalRoom(r), n, n+1, 0)); err != nil {
				b.Fatal(err)
			}
		}
	}
	again := come(`,"seq":1`) // of the room's making
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(plain*1e6, "bare-cpu-µs")
	b.ReportMetric(first*1e6, "arrival-cpu-µs")
	b.ReportMetric(first/plain, "arrival-bare-x")
	b.ReportMetric(again*1e6, "return-cpu-µs")
	b.ReportMetric(again/plain, "return-bare-x")
}

func arrivalRoom(r int) string { return fmt.Sprint("arrivals-", r) }

// missed reads the messages that were missed.
func missed(c *wire.Conn) error {
	for next := 1; next <= arrivalMissed; {
		_, payload, err := c.Read()
		if err != nil {
			return err
		}
		n, err := load.Number(payload)
		switch {
		case err != nil:
			return err
		case n == next:
			next++
		case n != 0:
			return fmt.Errorf("message %d came where %d was due", n, next)
		}
	}
	return nil
}

func arrivalsBare(b *testing.B) float64 {
	b.Helper()
	p, url := startBare(b, bare.Direct)
	defer p.Kill()
	return arrive(b, p, func(i int) (*wire.Conn, error) {
		return wire.Dial(url+"?room="+arrivalRoom(i/arrivalPerRoom), "", process.Patience)
	})
}

// arrive has all come, some at a time, and go when all are there. It returns
// the seconds of CPU for each.
func arrive(b *testing.B, p *process.Process, enter func(i int) (*wire.Conn, error)) float64 {
	b.Helper()
	before, err := p.CPU()
	if err != nil {
		b.Fatal(err)
	}
	var group errgroup.Group
	group.SetLimit(32)
	conns := make([]*wire.Conn, arrivals)
	var there atomic.Int64
	for i := range conns {
		group.Go(func() (err error) {
			if conns[i], err = enter(i); err == nil {
				there.Add(1)
				err = conns[i].SetDeadline(time.Time{})
			}
			return err
		})
	}
	err = group.Wait()
	after, cpuErr := p.CPU()
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
	if err != nil || cpuErr != nil || there.Load() != arrivals {
		b.Fatal(there.Load(), err, cpuErr)
	}
	return (after - before).Seconds() / arrivals
}
