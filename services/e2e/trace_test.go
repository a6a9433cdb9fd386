package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/collector"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// collecting is a collector that takes spans until the test is over.
func collecting(t *testing.T) *collector.Collector {
	t.Helper()
	c, err := collector.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// tracing are settings that have every request traced.
func tracing(c *collector.Collector) []string {
	return append(withoutLimits(), "NATTER_OTLP_ENDPOINT="+c.Endpoint(), "NATTER_TRACE_RATIO=1", "NATTER_DRAIN=1s")
}

// sendsInto are the traces that a collector has of sends into a room.
func sendsInto(c *collector.Collector, room string) [][]collector.Span {
	byTrace := map[string][]collector.Span{}
	var order []string
	for _, s := range c.Spans() {
		byTrace[s.Trace] = append(byTrace[s.Trace], s)
		if s.Name == "socket in" && s.Attributes["natter.room"] == room && s.Attributes["natter.request"] == "sends" {
			order = append(order, s.Trace)
		}
	}
	var all [][]collector.Span
	for _, trace := range order {
		all = append(all, byTrace[trace])
	}
	return all
}

// TestTraceOfAMessage: one message is one trace, from the socket that it came by
// to those that it left by, at every gateway.
func TestTraceOfAMessage(t *testing.T) {
	t.Parallel()
	for _, s := range []shape.Shape{shape.Standalone(), shape.Split()} {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			c := collecting(t)
			d := alone(t, s, tracing(c)...)
			ana, bo := enter(t, d, 0, "ana"), enter(t, d, 1, "bo")
			room := ana.create("room", nil).Room
			bo.view("join", M{"room": room})
			bo.reach(room, ana.send(room, "one of many").Seq)
			gateways := len(d.Gateways)
			var trace []collector.Span
			natstest.Eventually(t, client.Patience, "the trace is whole", func() bool {
				found := sendsInto(c, room)
				if len(found) == 1 {
					trace = found[0]
				}
				return len(trace) == 5+2*gateways
			})
			checkTrace(t, trace, gateways)
			if split := len(d.Processes) > 1; split {
				checkPlaces(t, trace)
			}
		})
	}
}

// checkTrace: every span is there, as often as it should be, below the right one.
func checkTrace(t *testing.T, trace []collector.Span, gateways int) {
	t.Helper()
	byID := map[string]collector.Span{}
	for _, s := range trace {
		byID[s.ID] = s
	}
	var got []string
	for _, s := range trace {
		got = append(got, fmt.Sprintf("%s < %s", s.Name, byID[s.Parent].Name))
		parent := byID[s.Parent]
		if s.Parent != "" && s.Raw.GetStartTimeUnixNano()+1e6 < parent.Raw.GetStartTimeUnixNano() {
			t.Errorf("%s begins before %s, which causes it", s.Name, parent.Name)
		}
		if s.Raw.GetEndTimeUnixNano() < s.Raw.GetStartTimeUnixNano() {
			t.Errorf("%s ends before it begins", s.Name)
		}
	}
	want := []string{"append < decide", "command < socket in", "decide < command", "publish < append", "socket in < "}
	for range gateways {
		want = append(want, "feed < publish", "socket out < feed")
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the trace is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// checkPlaces: in the split shape each step is of the right service, and what
// goes out is of both gateways.
func checkPlaces(t *testing.T, trace []collector.Span) {
	t.Helper()
	out := map[string]bool{}
	for _, s := range trace {
		want := "natter-gateway"
		if slices.Contains([]string{"decide", "append", "publish"}, s.Name) {
			want = "natter-history"
		}
		if s.Service != want {
			t.Errorf("%s is of %s, want %s", s.Name, s.Service, want)
		}
		if s.Name == "socket out" {
			out[s.Instance] = true
		}
	}
	if len(out) != 2 {
		t.Errorf("the message went out of the gateways %v", out)
	}
}

// TestTracesOfMany: messages that are sent, stored and told together have a
// trace each.
func TestTracesOfMany(t *testing.T) {
	t.Parallel()
	c := collecting(t)
	d := alone(t, shape.Split(), tracing(c)...)
	ana, bo := enter(t, d, 0, "ana"), enter(t, d, 1, "bo")
	room := ana.create("room", nil).Room
	bo.view("join", M{"room": room})
	const many = 100
	var last uint32
	for i := range many {
		id, err := ana.Post("send", ana.message(room, fmt.Sprint("text ", i)))
		if err != nil {
			t.Fatal(err)
		}
		last = id
	}
	reply, err := ana.Reply(t.Context(), last)
	if err != nil || reply.Ack == nil {
		t.Fatalf("the last message is answered by %s (%v)", reply, err)
	}
	bo.reach(room, reply.Ack.Seq)
	natstest.Eventually(t, client.Patience, "all traces are whole", func() bool {
		whole := 0
		for _, trace := range sendsInto(c, room) {
			if len(trace) == 9 {
				whole++
			}
		}
		return whole == many
	})
	together, appends := 0, map[string]bool{}
	for _, trace := range sendsInto(c, room) {
		checkTrace(t, trace, 2)
		for _, s := range trace {
			if s.Name == "append" {
				appends[s.Attributes["natter.partition"]+"/"+s.Attributes["natter.sequence"]] = true
			}
			if s.Name == "command" && s.Attributes["natter.command.changes"] != "1" {
				together++
			}
		}
	}
	if len(appends) == many || together == 0 {
		t.Errorf("of %d messages that were sent at once, %d appends were made, and %d went with others: nothing was gathered", many, len(appends), together)
	}
}

// TestTracingOfQueries: a page is asked for over gRPC, in the same trace.
func TestTracingOfQueries(t *testing.T) {
	t.Parallel()
	c := collecting(t)
	d := alone(t, shape.Split(), tracing(c)...)
	ana := enter(t, d, 0, "ana")
	room := ana.create("room", nil).Room
	ana.send(room, "x")
	ana.page(M{"room": room})
	const method = "/natter.history.v1.Messages/List"
	natstest.Eventually(t, client.Patience, "the call has a span on both sides", func() bool {
		for _, server := range c.Spans() {
			if server.Name != method || server.Service != "natter-history" {
				continue
			}
			for _, call := range c.Spans() {
				if call.ID == server.Parent && call.Name == method && call.Service == "natter-gateway" && call.Parent != "" {
					return true
				}
			}
		}
		return false
	})
}

// TestNoTraces: nobody is told anything where no collector is named, or no
// request is to be traced.
func TestNoTraces(t *testing.T) {
	t.Parallel()
	c := collecting(t)
	d := alone(t, shape.Split(), append(tracing(c), "NATTER_TRACE_RATIO=0")...)
	off := alone(t, shape.Standalone(), append(withoutLimits(), "NATTER_DRAIN=1s")...)
	for _, d := range []*shape.Deployment{d, off} {
		ana := enter(t, d, 0, "ana")
		room := ana.create("room", nil).Room
		ana.send(room, "x")
		ana.page(M{"room": room})
		if err := d.Stop(); err != nil { // what waits is delivered now
			t.Fatal(err)
		}
	}
	if c.Asked() != 0 {
		t.Errorf("the collector was asked %d times: %v", c.Asked(), c.Spans())
	}
}

// TestCollectorAway: a collector that hangs, or is not there, harms nobody.
func TestCollectorAway(t *testing.T) {
	t.Parallel()
	hanging, err := collector.StartHanging()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hanging.Stop)
	gone, err := collector.Start()
	if err != nil {
		t.Fatal(err)
	}
	gone.Stop()
	for name, c := range map[string]*collector.Collector{"hangs": hanging, "is gone": gone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := alone(t, shape.Split(), tracing(c)...)
			ana, bo := enter(t, d, 0, "ana"), enter(t, d, 1, "bo")
			room := ana.create("room", nil).Room
			bo.view("join", M{"room": room})
			natstest.Eventually(t, client.Patience, "spans are lost, and counted", func() bool {
				bo.reach(room, ana.send(room, "x").Seq)
				for _, ops := range d.Ops {
					if notReady(t, ops) {
						t.Error("a gateway is not ready")
					}
				}
				return sample(t, d.Ops[0], `natter_trace_spans_total{outcome="failed"}`) > 0
			})
			if err := d.Stop(); err != nil {
				t.Errorf("the end: %v", err)
			}
		})
	}
}
