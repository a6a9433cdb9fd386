package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/e2e/harness/load"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

const (
	benchSenders = 256
	benchRooms   = 64
	warmUp       = 2 * time.Second
	measured     = 5 * time.Second
)

// BenchmarkSends256 is how many messages the standalone program acks in a
// second, each synced to disk before (DISK): 256 people over WebSocket in 64
// rooms, so that each message also goes to four. Beside it, in the same run,
// how many JetStream publishes an embedded server with SyncAlways acks, one
// per message, for 256 publishers who each wait for theirs. It takes its
// time, whatever -benchtime says.
func BenchmarkSends256(b *testing.B) {
	for _, window := range []int{1, 16} {
		b.Run(fmt.Sprintf("window=%d", window), func(b *testing.B) {
			natter := sends(b, window)
			publish := publishes(b)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(natter.rate, "acks/s")
			b.ReportMetric(publish, "publishes/s")
			b.ReportMetric(natter.rate/publish, "ratio")
			b.ReportMetric(natter.p50.Seconds()*1000, "p50-ms")
			b.ReportMetric(natter.p99.Seconds()*1000, "p99-ms")
			b.ReportMetric(natter.cpu*1e6, "cpu-µs/ack")
		})
	}
}

type sendFigures struct {
	rate     float64 // acks per second
	p50, p99 time.Duration
	cpu      float64 // seconds of natter's CPU time per ack
}

func sends(b *testing.B, window int) sendFigures {
	d := alone(b, shape.Standalone(), append(withoutLimits(), "NATTER_LOG_LEVEL=warn")...)
	streams := make([]*load.Stream, benchSenders)
	for i := range streams {
		user, room := fmt.Sprint("sender-", i), fmt.Sprint("bench-", i%benchRooms)
		enter := fmt.Sprintf(`"join":{"room":%q}`, room)
		if i < benchRooms {
			enter = fmt.Sprintf(`"createRoom":{"room":%q,"name":"x","kind":"PUBLIC"}`, room)
		}
		var err error
		if streams[i], err = load.NewStream(gateway(d, 0), token.For(user, user).Sign(d.JWTSecret), room, enter, window); err != nil {
			b.Fatal(err)
		}
	}
	var stop atomic.Bool
	var group errgroup.Group
	for _, s := range streams {
		group.Go(func() error { return s.Run(&stop) })
	}
	acked := func() (sum int64) {
		for _, s := range streams {
			sum += s.Acked.Load()
		}
		return sum
	}
	wait(warmUp)
	before, cpuBefore, began := acked(), cpuSeconds(b, d), time.Now()
	wait(measured)
	count, cpu, took := acked()-before, cpuSeconds(b, d)-cpuBefore, time.Since(began)
	stop.Store(true)
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	if err := d.Stop(); err != nil {
		b.Error(err)
	}
	if count == 0 {
		b.Fatal("nothing was acked")
	}
	f := sendFigures{rate: float64(count) / took.Seconds(), cpu: cpu / float64(count)}
	f.p50, f.p99 = percentiles(streams)
	return f
}

func percentiles(streams []*load.Stream) (p50, p99 time.Duration) {
	var all []time.Duration
	for _, s := range streams {
		all = append(all, s.Latencies[len(s.Latencies)/4:]...) // without the warm-up
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100]
}

// cpuSeconds that natter has used, as it tells itself.
func cpuSeconds(b *testing.B, d *shape.Deployment) float64 {
	b.Helper()
	lines := bufio.NewScanner(get(b, d.Ops[0]+"/metrics").Body)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), "process_cpu_seconds_total "); found {
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			return seconds
		}
	}
	return 0
}

// publishes is the rate of one synced JetStream publish per message. The
// embedded server gets as many running goroutines as natter gives its own.
func publishes(b *testing.B) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(8, 2*runtime.NumCPU())))
	server := natstest.Start(b)
	js, err := jetstream.New(server.Connect(b, natsx.Operator))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "BENCH", Subjects: []string{"bench.*"}, Storage: jetstream.FileStorage, MaxBytes: 4 << 30, Discard: jetstream.DiscardNew}); err != nil {
		b.Fatal(err)
	}
	payload := make([]byte, 200) // about what an event of 64 bytes of text takes in natter's log
	var acked atomic.Int64
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var group errgroup.Group
	for i := range benchSenders {
		subject := fmt.Sprint("bench.", i%benchRooms)
		group.Go(func() error {
			for ctx.Err() == nil {
				if _, err := js.Publish(ctx, subject, payload); err != nil && ctx.Err() == nil {
					return err
				}
				acked.Add(1)
			}
			return nil
		})
	}
	wait(warmUp)
	before, began := acked.Load(), time.Now()
	wait(measured)
	rate := float64(acked.Load()-before) / time.Since(began).Seconds()
	cancel()
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	return rate
}
