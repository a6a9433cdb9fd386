package presence

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

// metrics of presence.
type metrics struct {
	deltas    prometheus.Counter
	beats     prometheus.Counter
	malformed prometheus.Counter
	messages  prometheus.Counter
	changes   prometheus.Counter
	syncs     *prometheus.CounterVec
	asks      *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer, now func() *state) (*metrics, error) {
	m := &metrics{
		deltas:    counter("natter_presence_deltas_total", "Deltas heard from gateways."),
		beats:     counter("natter_presence_beats_total", "Beats heard from gateways."),
		malformed: counter("natter_presence_malformed_total", "Messages that were not understood and ignored."),
		messages:  counter("natter_presence_messages_total", "Messages published to rooms, repeats among them."),
		changes:   counter("natter_presence_changes_total", "Users' changes published to rooms."),
		syncs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "natter_presence_syncs_total", Help: "Times that a gateway was asked for all its sessions, by outcome.",
		}, []string{"outcome"}),
	}
	m.asks = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "natter_presence_ask_seconds", Help: "Questions over NATS that this replica answers itself, by what they are about: room or user.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
	}, []string{"about"})
	for _, outcome := range []string{"ok", "failed"} {
		m.syncs.WithLabelValues(outcome) // told from the start, so that the first one is an increase
	}
	all := append(gauges(now), m.deltas, m.beats, m.malformed, m.messages, m.changes, m.syncs, m.asks)
	for _, c := range all {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func gauges(now func() *state) []prometheus.Collector {
	return []prometheus.Collector{
		gauge("natter_presence_gateways", "Gateways whose lease holds.", func() int { return now().Gateways }),
		gauge("natter_presence_gateways_unsynced", "Gateways of which not the whole is known.", func() int { return now().Unsynced }),
		gauge("natter_presence_sessions", "Sessions, those in grace among them.", func() int { return now().Sessions }),
		gauge("natter_presence_users", "Users with a session.", func() int { return now().Users }),
		gauge("natter_presence_rooms", "Rooms with a session.", func() int { return now().Rooms }),
		gauge("natter_presence_rooms_owned", "Rooms that this replica tells of.", func() int { return now().owned }),
		gauge("natter_presence_replicas", "Presence replicas that live, as this one sees it.", func() int { return now().replicas }),
	}
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func gauge(name, help string, value func() int) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
}

func (m *metrics) heard(message *presencev1.FromGateway) {
	if len(message.GetChanges()) == 0 {
		m.beats.Inc()
	} else {
		m.deltas.Inc()
	}
}

func (m *metrics) told(message *presencev1.RoomChanges) {
	m.messages.Inc()
	m.changes.Add(float64(len(message.GetChanges())))
}

func (m *metrics) synced(err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.syncs.WithLabelValues(outcome).Inc()
}

func (m *metrics) answered(q question) {
	if q.came.IsZero() {
		return
	}
	about := "room"
	if q.GetUser() != "" {
		about = "user"
	}
	m.asks.WithLabelValues(about).Observe(time.Since(q.came).Seconds())
}
