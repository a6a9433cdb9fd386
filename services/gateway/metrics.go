package gateway

import (
	"errors"
	"time"

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
	delivery    prometheus.Histogram
	sends, acks prometheus.Counter     // of requests, of answers
	shed        *prometheus.CounterVec // class

	shedEphemeral, shedState prometheus.Counter     // of shed
	repairs                  *prometheus.CounterVec // cause
	resumes                  *prometheus.CounterVec // outcome
	retries                  prometheus.Counter
	commands                 prometheus.Histogram
	seconds                  *prometheus.HistogramVec // type, code
	sendSeconds              prometheus.Observer      // of seconds: of sends that are acked
	slow                     *prometheus.CounterVec   // reason
	repaired                 prometheus.Counter
	sendsPer                 prometheus.Histogram
	natsDropped              prometheus.Counter

	byError map[chatv1.ErrorCode]prometheus.Counter // read only
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		sessions:   gauge("sessions", "Open WebSocket connections, also those not greeted yet."),
		feeds:      gauge("feeds", "Rooms followed here."),
		upgrades:   counters("upgrades_total", "WebSocket handshakes by outcome.", "outcome"),
		closes:     counters("closes_total", "Connections closed by this side, by close code, also where it could not be said any more.", "code"),
		requests:   counters("requests_total", "Requests by type; bad: those that could not be read.", "type"),
		answers:    counters("frames_total", "Frames sent to one session, by type. What goes to many is in deliveries_total.", "type"),
		errors:     counters("errors_total", "Error answers by code.", "code"),
		deliveries: counter("deliveries_total", "Events put into a session's outbox."),
		delivery: histogram("delivery_seconds", "From a message's having reached its sender's gateway to the write to the last of its readers' sockets here, by the clocks of both. Slow readers are not waited for.",
			prometheus.ExponentialBuckets(0.0005, 2, 16)),
		shed:     counters("shed_total", "Frames left out for slow readers, by class.", "class"),
		repairs:  counters("repairs_total", "Stretches of a room asked for since they were missing, by how that was noticed.", "cause"),
		resumes:  counters("resumes_total", "Rooms made live, by how they continue what the client had.", "outcome"),
		retries:  counter("command_retries_total", "Attempts at a command after its first."),
		commands: histogram("command_seconds", "From a command's first attempt to its answer.", prometheus.ExponentialBuckets(0.0005, 2, 16)),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "request_seconds", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
			Help: "From a request's having come to its answer, by kind (changes of rooms as their command names them, and questions to the store) and code.",
		}, []string{"type", "code"}),
		slow:        counters("slow_readers_total", "Connections let go since they did not read, by reason: full, as much waited as may; stalled, the socket took nothing for 10 s.", "reason"),
		repaired:    counter("repaired_events_total", "Events that were missing and were had by asking."),
		sendsPer:    histogram("sends_per_command", "Messages gathered into one command.", []float64{1, 2, 4, 8, 16, 32, 64}),
		natsDropped: counter("nats_dropped_total", "Times that messages of NATS came faster than they were handled."),
	}
	m.sends, m.acks = m.requests.WithLabelValues("send"), m.answers.WithLabelValues("ack")
	m.shedEphemeral, m.shedState = m.shed.WithLabelValues("ephemeral"), m.shed.WithLabelValues("state")
	for _, reason := range []string{slowFull, slowStalled} {
		m.slow.WithLabelValues(reason)
	}
	m.sendSeconds = m.seconds.WithLabelValues("sends", codeOK)
	for _, cause := range []string{"hole", "check", "heads"} {
		m.repairs.WithLabelValues(cause) // told from the start, so that the first one is an increase
	}
	m.byError = map[chatv1.ErrorCode]prometheus.Counter{}
	for code, name := range chatv1.ErrorCode_name {
		m.byError[chatv1.ErrorCode(code)] = m.errors.WithLabelValues(name)
	}
	var errs []error
	for _, c := range []prometheus.Collector{
		m.sessions, m.feeds, m.upgrades, m.closes, m.requests, m.answers, m.errors, m.deliveries, m.delivery, m.shed,
		m.repairs, m.resumes, m.retries, m.commands, m.sendsPer, m.natsDropped,
		m.seconds, m.slow, m.repaired,
	} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}

// codeOK is the code of what is not refused.
const codeOK = "OK"

// took measures a request that came at a time and is answered now.
func (m *metrics) took(kind string, code chatv1.ErrorCode, asked time.Time) {
	name := codeOK
	if code != chatv1.ErrorCode_ERROR_CODE_UNSPECIFIED {
		name = code.String()
	}
	m.seconds.WithLabelValues(kind, name).Observe(time.Since(asked).Seconds())
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
