package gateway

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// metrics are counted where it happens. Labels have few values, all known
// beforehand; nothing is counted per user or room.
type metrics struct {
	sessions    prometheus.Gauge
	feeds       prometheus.Gauge
	upgrades    *prometheus.CounterVec // outcome
	closes      *prometheus.CounterVec // code
	requests    *prometheus.CounterVec // type
	answers     *prometheus.CounterVec // type
	errors      *prometheus.CounterVec // code
	deliveries  prometheus.Counter
	sends, acks prometheus.Counter     // of requests, of answers
	shed        *prometheus.CounterVec // class

	shedEphemeral, shedState prometheus.Counter     // of shed
	repairs                  *prometheus.CounterVec // cause
	resumes                  *prometheus.CounterVec // outcome
	retries                  prometheus.Counter
	commands                 prometheus.Histogram
	sendsPer                 prometheus.Histogram
	natsDropped              prometheus.Counter

	byError map[chatv1.ErrorCode]prometheus.Counter // read only
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		sessions:    gauge("sessions", "Open WebSocket connections, also those not greeted yet."),
		feeds:       gauge("feeds", "Rooms followed here."),
		upgrades:    counters("upgrades_total", "WebSocket handshakes by outcome.", "outcome"),
		closes:      counters("closes_total", "Connections closed by this side, by close code.", "code"),
		requests:    counters("requests_total", "Requests by type; bad: those that could not be read.", "type"),
		answers:     counters("frames_total", "Frames sent to one session, by type. What goes to many is in deliveries_total.", "type"),
		errors:      counters("errors_total", "Error answers by code.", "code"),
		deliveries:  counter("deliveries_total", "Events put into a session's outbox."),
		shed:        counters("shed_total", "Frames left out for slow readers, by class.", "class"),
		repairs:     counters("repairs_total", "Stretches of a room asked for since they were missing, by how that was noticed.", "cause"),
		resumes:     counters("resumes_total", "Rooms made live, by how they continue what the client had.", "outcome"),
		retries:     counter("command_retries_total", "Attempts at a command after its first."),
		commands:    histogram("command_seconds", "From a command's first attempt to its answer.", prometheus.ExponentialBuckets(0.0005, 2, 16)),
		sendsPer:    histogram("sends_per_command", "Messages gathered into one command.", []float64{1, 2, 4, 8, 16, 32, 64}),
		natsDropped: counter("nats_dropped_total", "Times that messages of NATS came faster than they were handled."),
	}
	m.sends, m.acks = m.requests.WithLabelValues("send"), m.answers.WithLabelValues("ack")
	m.shedEphemeral, m.shedState = m.shed.WithLabelValues("ephemeral"), m.shed.WithLabelValues("state")
	m.byError = map[chatv1.ErrorCode]prometheus.Counter{}
	for code, name := range chatv1.ErrorCode_name {
		m.byError[chatv1.ErrorCode(code)] = m.errors.WithLabelValues(name)
	}
	var errs []error
	for _, c := range []prometheus.Collector{
		m.sessions, m.feeds, m.upgrades, m.closes, m.requests, m.answers, m.errors, m.deliveries, m.shed,
		m.repairs, m.resumes, m.retries, m.commands, m.sendsPer, m.natsDropped,
	} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

const (
	namespace = "natter"
	subsystem = "gateway"
)

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help, Buckets: buckets})
}
