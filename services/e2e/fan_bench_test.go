package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/bare"
	"github.com/natter-chat/natter/services/e2e/harness/load"
	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

// fanFor is how long each server is measured, after half of it to warm up.
func fanFor() time.Duration {
	if onceOnly() {
		return 200 * time.Millisecond
	}
	return 3 * time.Second
}

// BenchmarkFanOut is what a message costs for each member that it reaches: CPU
// of the standalone program, with messages stored before they are shown, synced
// to disk (DISK) and not (OS), beside that of a bare gorilla server that stores
// nothing, measured in the same run. "direct-x" and "coalesced-x" are the
// ratios to it, with one write per message and member, and with as few writes
// as it can. It takes its time, whatever -benchtime says; with 1x it is short, and
// its figures mean nothing.
func BenchmarkFanOut(b *testing.B) {
	files(b, 2500)
	for _, scenario := range []struct {
		name string
		cfg  load.FanConfig
	}{
		{"1x1000/inflight=1", load.FanConfig{Rooms: 1, Members: 1000, InFlight: 1}},
		{"1x1000/inflight=32", load.FanConfig{Rooms: 1, Members: 1000, InFlight: 32}},
		{"100x10/inflight=4", load.FanConfig{Rooms: 100, Members: 10, InFlight: 4}},
		{"100x10/200-a-second", load.FanConfig{Rooms: 100, Members: 10, Pace: 500 * time.Millisecond}},
	} {
		b.Run(scenario.name, func(b *testing.B) {
			direct := fanBare(b, scenario.cfg, bare.Direct)
			coalesced := fanBare(b, scenario.cfg, bare.Coalesced)
			for _, durability := range []string{"disk", "os"} {
				b.Run(durability, func(b *testing.B) {
					natter := fanNatter(b, scenario.cfg, durability)
					b.ReportMetric(0, "ns/op")
					b.ReportMetric(natter.cpu*1e6, "cpu-µs/delivery")
					b.ReportMetric(natter.cpu/direct.cpu, "direct-x")
					b.ReportMetric(natter.cpu/coalesced.cpu, "coalesced-x")
					b.ReportMetric(natter.rate, "deliveries/s")
					if scenario.cfg.Pace > 0 {
						b.ReportMetric(float64(natter.median.Microseconds()), "p50-µs")
						b.ReportMetric(natter.median.Seconds()/direct.median.Seconds(), "p50-x")
					}
				})
			}
		})
	}
}

// fanFigures of one server.
type fanFigures struct {
	cpu    float64 // seconds per delivery
	rate   float64 // deliveries per second
	median time.Duration
}

func fanBare(b *testing.B, cfg load.FanConfig, mode bare.Mode) fanFigures {
	b.Helper()
	p, url := startBare(b, mode)
	defer p.Kill()
	cfg.Enter = func(room string, _ int) (*wire.Conn, error) {
		c, err := wire.Dial(url+"?tell=&room="+room, "", process.Patience)
		if err != nil {
			return nil, err
		}
		_, payload, err := c.Read()
		if err == nil && string(payload) != bare.In {
			err = fmt.Errorf("the first that was heard is %q", payload)
		}
		if err != nil {
			c.Close()
			return nil, err
		}
		return c, nil
	}
	return fan(b, cfg, p)
}

func fanNatter(b *testing.B, cfg load.FanConfig, durability string) fanFigures {
	b.Helper()
	d := alone(b, shape.Standalone(), append(withoutLimits(), "NATTER_LOG_LEVEL=warn", "NATTER_PING_INTERVAL=10m", "NATTER_DURABILITY="+durability)...)
	cfg.Enter = func(room string, member int) (*wire.Conn, error) {
		user, enter := fmt.Sprint(room, "-", member), fmt.Sprintf(`"join":{"room":%q}`, room)
		if member == 0 {
			enter = fmt.Sprintf(`"createRoom":{"room":%q,"name":"Fan","kind":"PUBLIC"}`, room)
		}
		s, err := load.NewStream(gateway(d, 0), token.For(user, user).Sign(d.JWTSecret), room, enter, 1)
		if err != nil {
			return nil, err
		}
		return s.Conn(), s.Conn().SetDeadline(time.Time{})
	}
	figures := fan(b, cfg, d.Process("natter"))
	if err := d.Stop(); err != nil {
		b.Error(err)
	}
	return figures
}

func fan(b *testing.B, cfg load.FanConfig, p *process.Process) fanFigures {
	b.Helper()
	f, err := load.NewFan(cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	cpu := func() time.Duration {
		used, err := p.CPU()
		if err != nil {
			b.Fatal(err)
		}
		return used
	}
	f.Start()
	wait(fanFor() / 2)
	heard, used, began := f.Heard(), cpu(), time.Now()
	wait(fanFor())
	heard, used = f.Heard()-heard, cpu()-used
	took := time.Since(began)
	if err := f.Stop(); err != nil {
		b.Fatal(err)
	}
	if heard == 0 {
		b.Fatal("nothing was heard")
	}
	return fanFigures{cpu: used.Seconds() / float64(heard), rate: float64(heard) / took.Seconds(), median: f.Median()}
}
