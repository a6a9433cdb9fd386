//go:build unix

package e2e_test

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// BenchmarkSplitInterest is the memory by which the NATS server grows for one
// subscription more, of 50 connections that follow the same 2,000 rooms, as so
// many gateways do where everybody's rooms are spread over all of them.
func BenchmarkSplitInterest(b *testing.B) {
	const gateways = 50
	rooms := 2000
	if onceOnly() {
		rooms = 100
	}
	d := startSplit(b, 1, "10m")
	a := newAudience(b, d, gateways)
	defer a.close()
	settle(b, d)
	before := residentOf(b, d)
	for _, nc := range a.listeners {
		for room := range rooms {
			if _, err := nc.Subscribe(fmt.Sprintf("bench.room.%d.a-room-of-some-length-%d", room%4, room), func(*nats.Msg) {}); err != nil {
				b.Fatal(err)
			}
		}
		if err := nc.FlushTimeout(client.Patience); err != nil {
			b.Fatal(err)
		}
	}
	settle(b, d)
	grown := residentOf(b, d).minus(before)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(grown["nats"]/float64(gateways*rooms), "nats-rss-B/subscription")
	if err := d.Stop(); err != nil {
		b.Error(err)
	}
}
