package figures

import (
	"fmt"
	"math"
	"strings"
)

// services in the order in which they are shown.
var services = []string{"gateway", "history", "nats", "presence"}

// Table is all of it as Markdown: medians, and for the sums in brackets the
// least and the most.
func (r *Results) Table() string {
	var b strings.Builder
	fmt.Fprintln(&b, "| gateways | rooms × members | load | CPU per send, µs: all | gateway | history | NATS | presence | CPU per delivery, µs: all | gateway | deliveries/s |")
	fmt.Fprintln(&b, "|---|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range r.Cases {
		if c.Name != "Split" {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s × %s | %s |", c.Of["gateways"], c.Of["rooms"], c.Of["members"], strings.ReplaceAll(c.Of["load"], "-", " "))
		c.row(&b, "µs/send")
		fmt.Fprintf(&b, " %s | %s | %s |\n", c.spread("all-µs/delivery"), c.median("gateway-µs/delivery"), c.median("deliveries/s"))
	}
	c := r.find("SplitSessions", nil)
	if c == nil {
		return b.String()
	}
	fmt.Fprintln(&b, "\n| a connection | all | gateway | history | NATS | presence |")
	fmt.Fprintln(&b, "|---|---|---|---|---|---|")
	for _, line := range []struct{ what, unit string }{
		{"comes, and is live in a room: CPU, µs", "µs/arrival"},
		{"is there for a second, without pings: CPU, µs", "µs/session-second"},
		{"is there: memory, bytes", "rss-B/session"},
	} {
		fmt.Fprintf(&b, "| %s |", line.what)
		c.row(&b, line.unit)
		fmt.Fprintln(&b)
	}
	fmt.Fprintf(&b, "| is pinged and answers: CPU, µs | | %s | | | |\n", c.spread("gateway-µs/ping"))
	if interest := r.find("SplitInterest", nil); interest != nil {
		fmt.Fprintf(&b, "| follows one room more, at NATS: memory, bytes | | | | %s | |\n", interest.spread("nats-rss-B/subscription"))
	}
	fmt.Fprintln(&b, "\n| connections that NATS brings one message to | load | CPU of NATS for the message, µs | for each of them |")
	fmt.Fprintln(&b, "|---|---|---|---|")
	for _, c := range r.Cases {
		if c.Name == "SplitSubscribers" {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.Of["subscribers"], strings.ReplaceAll(c.Of["load"], "-", " "), c.spread("nats-µs/publish"), c.median("nats-µs/delivery"))
		}
	}
	return b.String()
}

// row has cells for all services together, and for each.
func (c *Case) row(b *strings.Builder, unit string) {
	fmt.Fprintf(b, " %s |", c.spread("all-"+unit))
	for _, service := range services {
		fmt.Fprintf(b, " %s |", c.median(service+"-"+unit))
	}
}

func (c *Case) median(unit string) string {
	_, median, _ := c.Spread(unit)
	return figure(median)
}

func (c *Case) spread(unit string) string {
	least, median, most := c.Spread(unit)
	return fmt.Sprintf("%s (%s–%s)", figure(median), figure(least), figure(most))
}

// figure has as many digits as are worth reading.
func figure(v float64) string {
	switch size := math.Abs(v); {
	case size >= 10000:
		hundreds := int(math.Round(size / 100))
		return fmt.Sprintf("%d,%03d", int(math.Copysign(float64(hundreds/10), v)), hundreds%10*100)
	case size >= 100:
		return fmt.Sprintf("%.0f", v)
	case size >= 10 || v == math.Trunc(v):
		return fmt.Sprintf("%.3g", v)
	}
	return fmt.Sprintf("%.2g", v)
}
