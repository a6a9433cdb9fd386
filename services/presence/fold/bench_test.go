package fold

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

// BenchmarkChange is a user's state that changes, from the delta to the
// messages, in one room of 100.
func BenchmarkChange(b *testing.B) {
	batches := NewBatches("r")
	f := New(Config{Lease: time.Hour, Grace: time.Hour, Ended: time.Hour}, batches.Touch)
	now := time.UnixMilli(1e12)
	fill(f, now, 100, 1)
	states := [2]*presencev1.Change{opened("0", "user0", busy, "room0"), opened("0", "user0", online, "room0")}
	b.ReportAllocs()
	for i := range b.N {
		f.Hear(now, &presencev1.FromGateway{Gateway: "g", Incarnation: 1, Number: uint64(101 + i), Changes: states[i%2 : i%2+1]})
		batches.Flush(now, f)
		now = now.Add(tick)
	}
}

// BenchmarkMemory tells the bytes of a user with one session in ten rooms.
func BenchmarkMemory(b *testing.B) {
	const users = 20000
	for range b.N {
		before := heap()
		f := New(Config{Lease: time.Hour, Grace: time.Hour, Ended: time.Hour}, func(string, string, Presence) {})
		fill(f, time.UnixMilli(1e12), users, 10)
		b.ReportMetric(float64(heap()-before)/users, "B/user")
		runtime.KeepAlive(f)
	}
}

func fill(f *Fold, now time.Time, users, rooms int) {
	for i := range users {
		var in []string
		for j := range rooms {
			in = append(in, fmt.Sprint("room", (i+j*97)%max(users/20, 1)))
		}
		if rooms == 1 {
			in = []string{"room0"}
		}
		f.Hear(now, &presencev1.FromGateway{
			Gateway: "g", Incarnation: 1, Number: uint64(i + 1),
			Changes: []*presencev1.Change{opened(fmt.Sprint(i), fmt.Sprint("user", i), online, in...)},
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
