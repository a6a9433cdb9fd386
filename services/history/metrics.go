package history

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of history. Messages are counted, never logged.
type metrics struct {
	events  prometheus.Counter
	commits prometheus.Histogram
	size    prometheus.Histogram
	owned   prometheus.Gauge
	unknown prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		events:  prometheus.NewCounter(prometheus.CounterOpts{Name: "natter_history_events_total", Help: "Events stored."}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "natter_history_commit_seconds", Help: "From the decision of a batch to its record being stored.", Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16)}),
		size:    prometheus.NewHistogram(prometheus.HistogramOpts{Name: "natter_history_commit_events", Help: "Events of one record.", Buckets: prometheus.ExponentialBuckets(1, 2, 12)}),
		owned:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "natter_history_partitions_owned", Help: "Partitions that this replica writes."}),
		unknown: prometheus.NewCounter(prometheus.CounterOpts{Name: "natter_history_appends_settled_total", Help: "Appends whose outcome had to be found out."}),
	}
	for _, c := range []prometheus.Collector{m.events, m.commits, m.size, m.owned, m.unknown} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) committed(events int, took time.Duration) {
	m.events.Add(float64(events))
	m.size.Observe(float64(events))
	m.commits.Observe(took.Seconds())
}
