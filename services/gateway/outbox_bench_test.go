package gateway

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// BenchmarkBesideAStoppedReader posts to two rooms in turn, which the same
// readers follow; the one also has a reader that stopped. The figures are from
// the post to a reader's having the event.
func BenchmarkBesideAStoppedReader(b *testing.B) {
	r := start(b)
	users := []string{"u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10", "u11", "u12", "u13", "u14", "u15", "u16"}
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC, users...)
	r.town.Create("ana", "quiet", chatv1.RoomKind_PUBLIC, users...)
	var posted atomic.Pointer[time.Time]
	arrived := make(chan time.Duration, len(users))
	for _, user := range users {
		c, _ := r.hello(b, user)
		go func() {
			for {
				select {
				case f := <-c.frames:
					if f["event"] != nil {
						arrived <- time.Since(*posted.Load())
					}
				case <-b.Context().Done():
					return
				}
			}
		}()
	}
	text, n := strings.Repeat("long ", 1600), 0
	post := func(room string, took []time.Duration) []time.Duration {
		n++
		now := time.Now()
		posted.Store(&now)
		r.town.Post("ana", room, msgID(n), text)
		for range users {
			select {
			case d := <-arrived:
				took = append(took, d)
			case <-time.After(patience):
				b.Fatal("a reader did not get an event")
			}
		}
		return took
	}
	var beside, alone []time.Duration
	let := 0
	for b.Loop() {
		for !r.stuck("bo") { // let go of, or not there yet
			b.StopTimer()
			if len(r.users.sessions("bo")) == 0 {
				conn := r.dialStopped(b, "bo")
				b.Cleanup(func() { _ = conn.Close() })
				let++
			}
			post("lobby", nil)
			b.StartTimer()
		}
		beside, alone = post("lobby", beside), post("quiet", alone)
	}
	besideHalf, besideMost := quantiles(beside)
	aloneHalf, aloneMost := quantiles(alone)
	b.ReportMetric(float64(besideHalf.Microseconds()), "p50-beside-µs")
	b.ReportMetric(float64(besideMost.Microseconds()), "p99-beside-µs")
	b.ReportMetric(float64(aloneHalf.Microseconds()), "p50-without-µs")
	b.ReportMetric(float64(aloneMost.Microseconds()), "p99-without-µs")
	b.ReportMetric(float64(besideHalf)/float64(aloneHalf), "p50-ratio")
	b.ReportMetric(float64(besideMost)/float64(aloneMost), "p99-ratio")
	b.ReportMetric(float64(let), "stopped")
}

// stuck tells whether something waits that the user does not read.
func (r *rig) stuck(user string) bool {
	sessions := r.users.sessions(user)
	return len(sessions) > 0 && sessions[0].out().size() > 0
}

// quantiles are the median, and what 99 of 100 are below.
func quantiles(took []time.Duration) (half, most time.Duration) {
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100]
}
