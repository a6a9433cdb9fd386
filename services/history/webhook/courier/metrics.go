package courier

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/natter-chat/natter/services/history/webhook/post"
)

// Metrics of all couriers of a replica, by webhook; there are few of those.
type Metrics struct {
	deliveries *prometheus.CounterVec
	events     *prometheus.CounterVec
	took       *prometheus.HistogramVec
	buried     *prometheus.CounterVec
	lost       *prometheus.CounterVec

	rooms, behind, age, dead *prometheus.GaugeVec
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "natter_webhook_" + name, Help: help}, append([]string{"webhook"}, labels...))
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "natter_webhook_" + name, Help: help}, []string{"webhook", "partition"})
	}
	m := &Metrics{
		deliveries: counter("deliveries_total", "Attempts to deliver, by what came of them: taken, refused (the receiver's status), failed (no answer).", "result"),
		events:     counter("events_total", "Events that receivers took."),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "natter_webhook_delivery_seconds", Help: "How long attempts to deliver took.", Buckets: prometheus.ExponentialBuckets(0.005, 2, 12),
		}, []string{"webhook"}),
		buried: counter("dead_letters_total", "Deliveries that were given up."),
		lost:   counter("dead_letters_dropped_total", "Dead letters that were dropped because there were too many."),
		rooms:  gauge("rooms_behind", "Rooms of which deliveries wait, as the partition's owner counts them."),
		behind: gauge("events_behind", "Events that are not delivered, as far as the partition's owner has read the log."),
		age:    gauge("behind_seconds", "How long the longest of them waits."),
		dead:   gauge("dead_letters", "Dead letters that are kept."),
	}
	for _, c := range []prometheus.Collector{m.deliveries, m.events, m.took, m.buried, m.lost, m.rooms, m.behind, m.age, m.dead} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// made counts an attempt.
func (m *Metrics) made(id string, a post.Answer, events int, took time.Duration) {
	result := "refused"
	switch {
	case a.Problem == "":
		result = "taken"
		m.events.WithLabelValues(id).Add(float64(events))
	case a.Status == 0:
		result = "failed"
	}
	m.deliveries.WithLabelValues(id, result).Inc()
	m.took.WithLabelValues(id).Observe(took.Seconds())
}

func (m *Metrics) gaveUp(id string)  { m.buried.WithLabelValues(id).Inc() }
func (m *Metrics) dropped(id string) { m.lost.WithLabelValues(id).Inc() }

func (m *Metrics) tell(id string, partition, rooms, events int, since time.Time, dead int) {
	p, age := strconv.Itoa(partition), 0.0
	if !since.IsZero() {
		age = time.Since(since).Seconds()
	}
	m.rooms.WithLabelValues(id, p).Set(float64(rooms))
	m.behind.WithLabelValues(id, p).Set(float64(events))
	m.age.WithLabelValues(id, p).Set(age)
	m.dead.WithLabelValues(id, p).Set(float64(dead))
}

// forget takes the gauges of a partition away that is another replica's now.
func (m *Metrics) forget(id string, partition int) {
	p := strconv.Itoa(partition)
	for _, g := range []*prometheus.GaugeVec{m.rooms, m.behind, m.age, m.dead} {
		g.DeleteLabelValues(id, p)
	}
}
