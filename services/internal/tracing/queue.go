package tracing

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	// mostWaiting bounds the spans that wait for the collector.
	mostWaiting = 4096
	batchSize   = 1024
)

// queue is a bounded processor of spans: one that finds it full is counted and
// gone. Behind it is OpenTelemetry's own, which is never full before it.
type queue struct {
	sdktrace.SpanProcessor
	waiting atomic.Int64
	full    prometheus.Counter
}

func newQueue(exporter sdktrace.SpanExporter, cfg Config) (*queue, error) {
	outcomes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "natter_trace_spans_total", Help: "Spans by what became of them: sent; failed, since the collector did not take them; dropped, since too many waited.",
	}, []string{"outcome"})
	q := &queue{full: outcomes.WithLabelValues("dropped")}
	delivery := &delivery{
		SpanExporter: exporter, queue: q, log: cfg.Log.With("component", "tracing"),
		sent: outcomes.WithLabelValues("sent"), failed: outcomes.WithLabelValues("failed"),
	}
	q.SpanProcessor = sdktrace.NewBatchSpanProcessor(delivery,
		sdktrace.WithMaxQueueSize(mostWaiting+batchSize), sdktrace.WithMaxExportBatchSize(batchSize),
		sdktrace.WithBatchTimeout(sendEvery), sdktrace.WithExportTimeout(sendTimeout),
	)
	return q, cfg.Registerer.Register(outcomes)
}

// OnEnd takes a span that has ended. It never waits.
func (q *queue) OnEnd(s sdktrace.ReadOnlySpan) {
	if q.waiting.Add(1) > mostWaiting {
		q.waiting.Add(-1)
		q.full.Inc()
		return
	}
	q.SpanProcessor.OnEnd(s)
}

// delivery counts what the collector takes, and says once when that changes.
type delivery struct {
	sdktrace.SpanExporter
	queue        *queue
	log          *slog.Logger
	sent, failed prometheus.Counter
	failing      atomic.Bool
}

// ExportSpans delivers. Its errors are told here, and to nobody else.
func (d *delivery) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := d.SpanExporter.ExportSpans(ctx, spans)
	d.queue.waiting.Add(-int64(len(spans)))
	if err != nil {
		d.failed.Add(float64(len(spans)))
		if !d.failing.Swap(true) {
			d.log.Warn("the collector does not take spans; they are lost until it does", "error", err)
		}
		return nil
	}
	d.sent.Add(float64(len(spans)))
	if d.failing.Swap(false) {
		d.log.Info("the collector takes spans again")
	}
	return nil
}
