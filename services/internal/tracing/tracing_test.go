package tracing_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/tracing"
)

const patience = 3 * time.Minute

// hanging is a collector that takes no spans, and says nothing.
type hanging struct {
	collector.UnimplementedTraceServiceServer
}

func (hanging) Export(ctx context.Context, _ *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func start(t *testing.T, endpoint string) (*tracing.Tracer, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	tracer, err := tracing.New(t.Context(), tracing.Config{
		Endpoint: endpoint, Ratio: 1, Service: "test", Instance: "one", Log: slog.New(slog.DiscardHandler), Registerer: reg,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tracer, reg
}

// spans are the spans so far, by what became of them.
func spans(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			found[labelOf(m)] = m.GetCounter().GetValue()
		}
	}
	return found
}

func labelOf(m *dto.Metric) string { return m.GetLabel()[0].GetValue() }

// TestCollectorsThatAreAway take no spans; the program does not wait for them,
// and each span is counted.
func TestCollectorsThatAreAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, hanging{})
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	down, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = down.Close()
	for name, endpoint := range map[string]string{"hangs": "http://" + l.Addr().String(), "is down": "http://" + down.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			tracer, reg := start(t, endpoint)
			const made = 20_000
			began := time.Now()
			for range made {
				tracer.Root("x", tracing.Server, began).End()
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("spans took %s to be made", took)
			}
			if name == "hangs" && spans(t, reg)["dropped"] == 0 {
				t.Errorf("of %d spans that nobody takes none was dropped: %v", made, spans(t, reg))
			}
			natstest.Eventually(t, patience, "every span is counted", func() bool {
				n := spans(t, reg)
				return n["failed"]+n["dropped"] == made && n["sent"] == 0
			})
			began = time.Now()
			if err := tracer.Close(); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("the end took %s", took)
			}
		})
	}
}

// TestNothingCostsNothing: without a collector, and for a request that is not
// traced, nothing is made.
func TestNothingCostsNothing(t *testing.T) {
	off, err := tracing.New(t.Context(), tracing.Config{})
	if err != nil || off != nil {
		t.Fatalf("without a collector there is %v (%v)", off, err)
	}
	now := time.Now()
	never, err := tracing.New(t.Context(), tracing.Config{
		Endpoint: "http://127.0.0.1:1", Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = never.Close() })
	for name, tracer := range map[string]*tracing.Tracer{"off": off, "never": never} {
		spans := make([]*tracing.Span, 1)
		if n := testing.AllocsPerRun(100, func() {
			span := tracer.Root("x", tracing.Server, now)
			child := span.Child("y", tracing.Client, now)
			child.Number("n", 1)
			child.Text("t", "x")
			child.End()
			span.Fail("no")
			spans[0] = span
			if tracing.Header(spans) != nil || tracing.Traceparent(nil, 0) != "" || tracer.Remote("", "x", tracing.Server, now) != nil {
				t.Error("something came of nothing")
			}
			span.EndAt(now)
		}); n != 0 {
			t.Errorf("%s: %v allocations for a request that is not traced", name, n)
		}
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for _, test := range []struct {
		cfg  tracing.Config
		want string
	}{
		{tracing.Config{Ratio: 2}, "NATTER_TRACE_RATIO"}, {tracing.Config{Ratio: -1}, "NATTER_TRACE_RATIO"},
		{tracing.Config{Endpoint: "otel:4317"}, "NATTER_OTLP_ENDPOINT"}, {tracing.Config{Endpoint: "ftp://otel"}, "NATTER_OTLP_ENDPOINT"},
	} {
		if _, err := tracing.New(t.Context(), test.cfg); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %s named", test.cfg, err, test.want)
		}
	}
}

// TestHeaders: each part of a message has its own trace, or none.
func TestHeaders(t *testing.T) {
	tracer, _ := start(t, "http://127.0.0.1:1")
	t.Cleanup(func() { _ = tracer.Close() })
	now := time.Now()
	a, b := tracer.Root("a", tracing.Server, now), tracer.Root("b", tracing.Server, now)
	h := tracing.Header([]*tracing.Span{nil, a, nil, b, nil})
	for i, want := range []*tracing.Span{nil, a, nil, b, nil, nil} {
		got := tracer.Remote(tracing.Traceparent(h, i), "x", tracing.Consumer, now)
		if got.TraceID() != want.TraceID() {
			t.Errorf("part %d is of the trace %q, want %q", i, got.TraceID(), want.TraceID())
		}
	}
	for _, bad := range []string{"x", "00-0-0-01", strings.Replace(a.Traceparent(), "-01", "-00", 1), strings.Repeat("0", 1<<10)} {
		if tracer.Remote(bad, "x", tracing.Consumer, now) != nil {
			t.Errorf("%.80q is traced", bad)
		}
	}
	if tracing.Of(tracing.With(t.Context(), a)) != a || tracing.Of(t.Context()) != nil {
		t.Error("a context does not keep its span")
	}
	var off *tracing.Tracer
	if err := off.Close(); err != nil {
		t.Error(err)
	}
}
