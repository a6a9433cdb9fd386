//go:build !race

// The race detector's build allocates otherwise, so there these say nothing.

package frame

import "testing"

// TestAllocations holds what every message costs to what it is: who needs more
// for a good reason raises the number here.
func TestAllocations(t *testing.T) {
	codec, limits, data := JSON(), DefaultLimits(), []byte(benchSend)
	ack, event, page := benchAck(), benchEvent(), benchPage()
	dst := make([]byte, 0, 1<<10)
	for _, c := range []struct {
		name string
		most float64
		do   func()
	}{
		{"a send is read", 8, func() {
			if _, fault := Read(codec, data, limits); fault != nil {
				t.Error(fault)
			}
		}},
		{"an ack is written", 0, func() { dst = AppendWrapped(dst[:0], codec, ack) }},
		{"an event is written", 0, func() { dst = AppendWrapped(dst[:0], codec, event) }},
		{"a page is written", 0, func() { dst = AppendWrapped(dst[:0], codec, page) }},
	} {
		if n := testing.AllocsPerRun(100, c.do); n > c.most {
			t.Errorf("%s with %v allocations; at most %v are allowed", c.name, n, c.most)
		}
	}
}
