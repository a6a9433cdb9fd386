package gateway

import "github.com/prometheus/client_golang/prometheus"

// load tells what waits, at the time at which it is asked.
type load struct {
	gateway                   *Gateway
	outbox, commands, waiting *prometheus.Desc
}

func newLoad(g *Gateway) load {
	name := func(name string) string { return prometheus.BuildFQName(namespace, subsystem, name) }
	return load{
		gateway:  g,
		outbox:   prometheus.NewDesc(name("outbox_bytes"), "Bytes that wait for all clients together.", nil, nil),
		commands: prometheus.NewDesc(name("commands_under_way"), "Commands that have no answer yet.", nil, nil),
		waiting:  prometheus.NewDesc(name("nats_waiting"), "Messages of NATS that are not handled yet.", nil, nil),
	}
}

// Describe is of prometheus.Collector.
func (l load) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{l.outbox, l.commands, l.waiting} {
		to <- d
	}
}

// Collect is of prometheus.Collector.
func (l load) Collect(to chan<- prometheus.Metric) {
	bytes, commands, waiting := 0, 0, 0
	for _, s := range l.gateway.sessions.list() {
		bytes += s.out().size()
	}
	for _, c := range l.gateway.commands {
		c.mu.Lock()
		commands += len(c.underWay)
		c.mu.Unlock()
	}
	for _, w := range l.gateway.dispatcher.workers {
		waiting += len(w.messages) + len(w.inside)
	}
	for d, n := range map[*prometheus.Desc]int{l.outbox: bytes, l.commands: commands, l.waiting: waiting} {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n))
	}
}
