package bench

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/natter-chat/natter/services/natterctl/command"
)

// report is what was measured.
type report struct {
	Users        int            `json:"users"`
	Rooms        int            `json:"rooms"`
	Seconds      float64        `json:"seconds"`
	Sent         int            `json:"sent"`
	Acked        int            `json:"acked"`
	AcksPerSec   float64        `json:"acksPerSecond"`
	Refused      map[string]int `json:"refused"`
	Unanswered   int            `json:"unanswered"`
	AckMs        spread         `json:"ackMs"`
	Delivered    uint64         `json:"delivered"`
	PerSec       float64        `json:"deliveriesPerSecond"`
	DeliveryMs   spread         `json:"deliveryMs"`
	Lost         int            `json:"lost"`
	Doubled      int            `json:"doubled"`
	OutOfOrder   int            `json:"outOfOrder"`
	Disconnected int            `json:"disconnected"`
}

// spread is in milliseconds.
type spread struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func spreadOf(l *latencies) spread {
	return spread{P50: l.percentile(.5), P95: l.percentile(.95), P99: l.percentile(.99), Max: milliseconds(l.most)}
}

func (s spread) String() string {
	return fmt.Sprintf("p50 %.2f ms, p95 %.2f ms, p99 %.2f ms, max %.2f ms", s.P50, s.P95, s.P99, s.Max)
}

func (c *crowd) report(took time.Duration) *report {
	out := &report{Users: len(c.people), Rooms: len(c.rooms), Seconds: math.Round(took.Seconds()*100) / 100, Refused: map[string]int{}}
	var acks, arrivals latencies
	for _, r := range c.rooms {
		r.count(out, &acks, &arrivals)
	}
	for _, p := range c.people {
		if p.lost.Load() {
			out.Disconnected++
		}
	}
	out.AckMs, out.DeliveryMs, out.Delivered = spreadOf(&acks), spreadOf(&arrivals), arrivals.total
	out.AcksPerSec = math.Round(float64(out.Acked)/took.Seconds()*10) / 10
	out.PerSec = math.Round(float64(out.Delivered)/took.Seconds()*10) / 10
	return out
}

// count adds what came of one room.
func (r *room) count(out *report, acks, arrivals *latencies) {
	r.mu.Lock()
	defer r.mu.Unlock()
	acks.merge(&r.acks)
	arrivals.merge(&r.arrivals)
	out.OutOfOrder += r.unordered
	out.Sent += len(r.sent)
	for code, n := range r.refused {
		out.Refused[code] += n
	}
	for _, m := range r.sent {
		if !m.acked && !m.over {
			out.Unanswered++
		}
		if m.acked {
			out.Acked++
			out.Lost += max(0, len(r.people)-m.got)
		}
		out.Doubled += max(0, m.got-len(r.people))
	}
}

func (r *report) table(t *command.Table) {
	t.Row("clients, rooms", fmt.Sprintf("%d, %d", r.Users, r.Rooms))
	t.Row("sent", fmt.Sprintf("%d in %.2f s", r.Sent, r.Seconds))
	t.Row("acked", fmt.Sprintf("%d, %.1f/s", r.Acked, r.AcksPerSec))
	t.Row("send to ack", r.AckMs)
	t.Row("delivered", fmt.Sprintf("%d, %.1f/s", r.Delivered, r.PerSec))
	t.Row("send to delivery", r.DeliveryMs)
	t.Row("refused", r.refusals())
	t.Row("unanswered", r.Unanswered)
	t.Row("lost", r.Lost)
	t.Row("doubled", r.Doubled)
	t.Row("out of order", r.OutOfOrder)
	t.Row("disconnected", r.Disconnected)
}

func (r *report) refusals() string {
	if len(r.Refused) == 0 {
		return "0"
	}
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(r.Refused)) {
		parts = append(parts, fmt.Sprintf("%d %s", r.Refused[code], code))
	}
	return strings.Join(parts, ", ")
}

// verdict is an error where a promise was broken.
func (r *report) verdict() error {
	switch {
	case r.Lost+r.Doubled+r.OutOfOrder > 0:
		return &command.Advised{Err: errors.New("messages that were acked were lost, doubled or out of order"), Exit: command.ExitPartly, Next: "read the gateways' logs, and send them with this report."}
	case r.Disconnected+r.Unanswered > 0:
		return &command.Advised{Err: errors.New("some clients were disconnected, or had no answer in time"), Exit: command.ExitPartly, Next: "read the gateways' logs; with less load (--rate) it may do."}
	case r.Acked == 0:
		return &command.Advised{Err: errors.New("nothing was acked"), Exit: command.ExitPartly, Next: "the row refused says why."}
	}
	return nil
}
