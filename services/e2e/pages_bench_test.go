package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/e2e/harness/load"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

// benchDepth is how many messages a room has of which pages are read.
const benchDepth = 100_000

// pagedRooms is how many small rooms are asked by turns.
const pagedRooms = 100

// BenchmarkPages is what a page of 50 costs the whole standalone program, from
// the socket to SQLite and back: the newest of a room of 100,000 messages, and
// one at any depth; and the newest of many rooms by turns.
func BenchmarkPages(b *testing.B) {
	d := alone(b, shape.Standalone(), append(withoutLimits(), "NATTER_LOG_LEVEL=warn")...)
	const enter = `"join":{"room":"bench"}`
	var stop atomic.Bool
	var group errgroup.Group
	var streams []*load.Stream
	for i := range 16 {
		user, first := fmt.Sprint("sender-", i), enter
		if i == 0 {
			first = `"createRoom":{"room":"bench","name":"x","kind":"PUBLIC"}`
		}
		s, err := load.NewStream(gateway(d, 0), token.For(user, user).Sign(d.JWTSecret), "bench", first, 16)
		if err != nil {
			b.Fatal(err)
		}
		streams = append(streams, s)
		group.Go(func() error { return s.Run(&stop) })
	}
	for acked := int64(0); acked < benchDepth; wait(10 * time.Millisecond) {
		acked = 0
		for _, s := range streams {
			acked += s.Acked.Load()
		}
	}
	stop.Store(true)
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	reader, err := load.NewStream(gateway(d, 0), token.For("reader", "Reader").Sign(d.JWTSecret), "bench", enter, 1)
	if err != nil {
		b.Fatal(err)
	}
	defer reader.Close()
	ask := func(b *testing.B, request string) {
		if err := reader.Ask(request); err != nil {
			b.Fatal(err)
		}
	}
	for room := range pagedRooms {
		ask(b, fmt.Sprintf(`"createRoom":{"room":"bench-%d","name":"x","kind":"PUBLIC"}`, room))
		for n := range 60 {
			ask(b, fmt.Sprintf(`"send":{"room":"bench-%d","clientMsgId":"m%d","text":"one of the messages of a small room","attempt":1}`, room, n))
		}
	}
	page := func(b *testing.B, room, side string) {
		ask(b, `"messages":{"room":"`+room+`","limit":50`+side+`}`)
	}
	page(b, "bench", "") // waits for the store to have it all
	turn := 0
	for name, next := range map[string]func() (room, side string){
		"Newest":       func() (string, string) { return "bench", "" },
		"Random":       func() (string, string) { return "bench", fmt.Sprintf(`,"before":%d`, 100+rand.IntN(benchDepth-100)) },
		"NewestOfMany": func() (string, string) { turn++; return fmt.Sprint("bench-", turn%pagedRooms), "" },
	} {
		b.Run(name, func(b *testing.B) {
			began := cpuSeconds(b, d)
			for b.Loop() {
				room, side := next()
				page(b, room, side)
			}
			b.ReportMetric((cpuSeconds(b, d)-began)*1e6/float64(b.N), "cpu-µs/page")
		})
	}
}
