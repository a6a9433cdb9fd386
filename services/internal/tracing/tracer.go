package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	// sendEvery is how long a span waits for others to go with.
	sendEvery = time.Second
	// sendTimeout bounds one delivery to the collector.
	sendTimeout = 5 * time.Second
	// closeTimeout bounds the delivery of what is left at the end.
	closeTimeout = 2 * time.Second
)

// Config of a tracer.
type Config struct {
	// Endpoint of the collector, OTLP over gRPC: http://host:4317, or https.
	// Empty: nothing is traced.
	Endpoint string
	// Ratio of the requests that begin here and are traced, 0 to 1.
	Ratio float64
	// Service and Instance tell the collector whose spans they are.
	Service, Instance string
	// Log takes what becomes of deliveries. Needed.
	Log *slog.Logger
	// Registerer takes the metrics of a tracer that is on. Needed.
	Registerer prometheus.Registerer
}

// Validate names the setting that is wrong.
func (c Config) Validate() error {
	if math.IsNaN(c.Ratio) || c.Ratio < 0 || c.Ratio > 1 {
		return fmt.Errorf("NATTER_TRACE_RATIO: %v is not within 0 and 1", c.Ratio)
	}
	if c.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("NATTER_OTLP_ENDPOINT: it is not a URL like http://collector:4317, or https://")
	}
	return nil
}

// Tracer begins spans. Nil: tracing is off. Safe for concurrent use.
type Tracer struct {
	spans    trace.Tracer
	provider *sdktrace.TracerProvider
	ratio    float64
}

// New makes a tracer, or nil where no collector is named. It does not wait for
// the collector.
func New(ctx context.Context, cfg Config) (*Tracer, error) {
	if err := cfg.Validate(); err != nil || cfg.Endpoint == "" {
		return nil, err
	}
	exporter, err := otlptracegrpc.New(ctx,
		otlptracegrpc.WithEndpointURL(cfg.Endpoint), otlptracegrpc.WithTimeout(sendTimeout),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{}), // what the collector does not take is lost
	)
	if err != nil {
		return nil, fmt.Errorf("NATTER_OTLP_ENDPOINT: %w", err)
	}
	queue, err := newQueue(exporter, cfg)
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(queue),
		sdktrace.WithSampler(sdktrace.AlwaysSample()), // what is begun is traced; see Root and Remote
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", cfg.Service), attribute.String("service.instance.id", cfg.Instance),
		)),
	)
	return &Tracer{spans: provider.Tracer("github.com/natter-chat/natter"), provider: provider, ratio: cfg.Ratio}, nil
}

// Close delivers what waits, for 2 s at most.
func (t *Tracer) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := t.provider.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // a collector that is away must not make a stop a failure
	}
	return err
}

// Root begins a trace at a time; nil where the request is not traced.
func (t *Tracer) Root(name string, kind Kind, at time.Time) *Span {
	if t == nil || t.ratio < 1 && rand.Float64() >= t.ratio {
		return nil
	}
	return t.begin(context.Background(), name, kind, at)
}

// Remote begins a span below one of another process, given by its traceparent;
// nil where there is none, or it is not traced.
func (t *Tracer) Remote(traceparent, name string, kind Kind, at time.Time) *Span {
	if t == nil || traceparent == "" {
		return nil
	}
	parent := parse(traceparent)
	if !parent.IsValid() || !parent.IsSampled() {
		return nil
	}
	return t.begin(trace.ContextWithRemoteSpanContext(context.Background(), parent), name, kind, at)
}

func (t *Tracer) begin(ctx context.Context, name string, kind Kind, at time.Time) *Span {
	ctx, span := t.spans.Start(ctx, name, trace.WithTimestamp(at), trace.WithSpanKind(trace.SpanKind(kind)))
	return &Span{tracer: t, parent: ctx, span: span}
}
