//go:build unix

package e2e_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// BenchmarkSplitSubscribers is what the NATS server of the split shape uses to
// bring one message, of the size of an event, to so many connections: as many as
// there are gateways that follow a room, where that is more of them than one machine
// can run. Every subscriber looks whether it hears all, once and in order. It
// takes its time, whatever -benchtime says.
func BenchmarkSplitSubscribers(b *testing.B) {
	counts, measured := []int{1, 10, 50}, 2*time.Second
	if onceOnly() {
		counts, measured = []int{10}, time.Second/2
	}
	d := startSplit(b, 1, "10m")
	for _, count := range counts {
		for _, inFlight := range []int{0, 32} {
			load := "200-a-second"
			if inFlight > 0 {
				load = fmt.Sprint("inflight-", inFlight)
			}
			b.Run(fmt.Sprintf("subscribers=%d/load=%s", count, load), func(b *testing.B) {
				a := newAudience(b, d, count)
				defer a.close()
				used, published := a.talk(b, d, inFlight, measured)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(used/published*1e6, "nats-µs/publish")
				b.ReportMetric(used/published/float64(count)*1e6, "nats-µs/delivery")
				b.ReportMetric(published/measured.Seconds(), "publishes/s")
			})
		}
	}
	if err := d.Stop(); err != nil {
		b.Error(err)
	}
}

// audience is connections to NATS that hear the same subject.
type audience struct {
	speaker   *nats.Conn
	listeners []*nats.Conn
	heard     atomic.Int64
	faults    atomic.Int64
	moved     chan struct{} // something was heard
}

const audienceSubject = "bench.audience"

func newAudience(b *testing.B, d *shape.Deployment, count int) *audience {
	b.Helper()
	connect := func() *nats.Conn {
		nc, err := natsx.Connect(b.Context(), natsx.Options{
			URL: d.NATS, Seed: d.NATSOperator, Service: natsx.Operator, Instance: natsx.Instance(), Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			b.Fatal(err)
		}
		return nc
	}
	a := &audience{speaker: connect(), moved: make(chan struct{}, 1)}
	for range count {
		nc := connect()
		a.listeners = append(a.listeners, nc)
		next := uint64(1)
		if _, err := nc.Subscribe(audienceSubject, func(m *nats.Msg) {
			if n := binary.BigEndian.Uint64(m.Data); n != next {
				a.faults.Add(1)
			}
			next++
			a.heard.Add(1)
			select {
			case a.moved <- struct{}{}:
			default:
			}
		}); err != nil {
			b.Fatal(err)
		}
		if err := nc.FlushTimeout(client.Patience); err != nil {
			b.Fatal(err)
		}
	}
	return a
}

// talk publishes, after half of the time to warm up, and tells the CPU seconds
// that NATS used and how many messages it was for.
func (a *audience) talk(b *testing.B, d *shape.Deployment, inFlight int, measured time.Duration) (used, published float64) {
	b.Helper()
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	count := int64(len(a.listeners))
	message := make([]byte, 300)
	said, from := int64(0), int64(-1)
	for began := time.Now(); ; {
		switch now := time.Since(began); {
		case now >= measured*3/2:
			used, published = cpuOf(b, d)["nats"]-used, float64(said-from)
			if err := a.hear(said * count); err != nil {
				b.Fatal(err)
			}
			return used, published
		case now >= measured/2 && from < 0:
			used, from = cpuOf(b, d)["nats"], said
		}
		if inFlight == 0 {
			<-pace.C
		} else if said*count-a.heard.Load() > int64(inFlight-1)*count {
			select {
			case <-a.moved:
			case <-pace.C:
			}
			continue
		}
		said++
		binary.BigEndian.PutUint64(message, uint64(said))
		if err := a.speaker.Publish(audienceSubject, message); err != nil {
			b.Fatal(err)
		}
	}
}

// hear waits until so much was heard, and tells of what was not as it must be.
func (a *audience) hear(all int64) error {
	for late := time.After(client.Patience); a.heard.Load() < all; {
		select {
		case <-a.moved:
		case <-late:
			return fmt.Errorf("%d of %d deliveries were heard", a.heard.Load(), all)
		}
	}
	if n := a.faults.Load(); n > 0 || a.heard.Load() > all {
		return errors.New("messages were doubled, or came out of order")
	}
	return nil
}

func (a *audience) close() {
	a.speaker.Close()
	for _, nc := range a.listeners {
		nc.Close()
	}
}
