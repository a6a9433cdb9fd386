package history

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// metrics of history. Messages are counted, never logged.
type metrics struct {
	events  prometheus.Counter
	commits prometheus.Histogram
	size    prometheus.Histogram
	owned   prometheus.Gauge
	unknown prometheus.Counter
	// unapplied counts batches that the store did not take.
	unapplied prometheus.Counter
	// behind is what the store does not have yet, by partition.
	behind *prometheus.GaugeVec
	// trimmed counts messages that a retention took away, due the rooms that wait
	// for that, by partition.
	trimmed prometheus.Counter
	due     *prometheus.GaugeVec
	// requests are answered over NATS, by what they are and the answer's code.
	requests *prometheus.HistogramVec
	// given are partitions that were given up since another wrote, or the log
	// said nothing.
	given *prometheus.CounterVec
	// age is how old the oldest is that the store does not have, waiting how much
	// is not decided yet, by partition.
	age, waiting *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		events:  prometheus.NewCounter(prometheus.CounterOpts{Name: "natter_history_events_total", Help: "Events stored."}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "natter_history_commit_seconds", Help: "From the decision of a batch to its record being stored.", Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16)}),
		size:    prometheus.NewHistogram(prometheus.HistogramOpts{Name: "natter_history_commit_events", Help: "Events of one record.", Buckets: prometheus.ExponentialBuckets(1, 2, 12)}),
		owned:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "natter_history_partitions_owned", Help: "Partitions that this replica writes."}),
		unknown: prometheus.NewCounter(prometheus.CounterOpts{Name: "natter_history_appends_settled_total", Help: "Appends whose outcome had to be found out."}),
	}
	m.unapplied = prometheus.NewCounter(prometheus.CounterOpts{Name: "natter_history_store_failures_total", Help: "Batches that the store did not take; they are tried again."})
	m.behind = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "natter_history_store_behind_events", Help: "Events and read markers of a partition that the log has and the store has not, as its owner counts them."}, []string{"partition"})
	m.trimmed = prometheus.NewCounter(prometheus.CounterOpts{Name: "natter_history_messages_trimmed_total", Help: "Messages that a retention took away."})
	m.due = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "natter_history_retention_due_rooms", Help: "Rooms of a partition that may have messages past their retention, and wait for their turn."}, []string{"partition"})
	m.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "natter_history_request_seconds", Help: "Requests over NATS, by kind (command, admin, ask: about live state, store: about what the store has) and code.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9)}, []string{"type", "code"})
	m.given = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "natter_history_partitions_lost_total", Help: "Partitions given up by reason: superseded, the fence showed another owner's record; undecided, the log did not say what became of an append."}, []string{"reason"})
	for _, reason := range []string{lostToAnother, lostToSilence} {
		m.given.WithLabelValues(reason) // told from the start, so that the first one is an increase
	}
	m.age = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "natter_history_store_behind_seconds", Help: "Age of the oldest record of a partition that the log has and the store has not, as its owner sees it."}, []string{"partition"})
	m.waiting = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "natter_history_commands_waiting", Help: "Commands of a partition that are not decided yet."}, []string{"partition"})
	for _, c := range []prometheus.Collector{m.trimmed, m.due, m.events, m.commits, m.size, m.owned, m.unknown, m.unapplied, m.behind, m.requests, m.given, m.age, m.waiting} {
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

// forget takes away what only the owner of a partition knows: the next one tells it.
func (m *metrics) forget(partition int) {
	label := strconv.Itoa(partition)
	for _, v := range []*prometheus.GaugeVec{m.behind, m.age, m.waiting} {
		v.DeleteLabelValues(label)
	}
}

// Why a partition is given up.
const (
	lostToAnother = "superseded"
	lostToSilence = "undecided"
)

// answered measures a request that came at a time and is answered now.
func (m *metrics) answered(kind string, refusal *chatv1.Refusal, came time.Time) {
	code := "OK"
	if refusal != nil {
		code = refusal.GetCode().String()
	}
	m.requests.WithLabelValues(kind, code).Observe(time.Since(came).Seconds())
}

// refusalOf is why a command, or all of its parts, were not done.
func refusalOf(reply *chatv1.CommandReply) *chatv1.Refusal {
	if reply.GetRefusal() != nil {
		return reply.GetRefusal()
	}
	var refusal *chatv1.Refusal
	for _, result := range reply.GetResults() {
		if result.GetRefusal() == nil {
			return nil
		}
		refusal = result.GetRefusal()
	}
	return refusal
}
