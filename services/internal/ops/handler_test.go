package ops_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/natter-chat/natter/services/internal/ops"
)

func get(h http.Handler, path string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestReadiness(t *testing.T) {
	var drain ops.Drain
	var fault error
	h := ops.Handler(prometheus.NewRegistry(), drain.Check(),
		ops.Check{Name: "nats", Ready: func() error { return fault }},
		ops.Check{Name: "store", Ready: func() error { return nil }})

	if code, body := get(h, "/readyz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("ready: %d %q", code, body)
	}
	fault = errors.New("not connected,\nfor 3 s")
	if code, body := get(h, "/readyz"); code != http.StatusServiceUnavailable || body != "nats: not connected, for 3 s\n" {
		t.Errorf("one fault: %d %q", code, body)
	}
	drain.Begin()
	if code, body := get(h, "/readyz"); code != http.StatusServiceUnavailable || !strings.HasPrefix(body, "drain: stopping\nnats: ") {
		t.Errorf("two faults: %d %q", code, body)
	}
	if code, body := get(h, "/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("a process that is not ready lives: %d %q", code, body)
	}
}

func TestMetricsAndProfiles(t *testing.T) {
	reg := ops.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "natter_test_total", Help: "Test."})
	reg.MustRegister(counter)
	counter.Inc()
	h := ops.Handler(reg)
	for path, want := range map[string]string{
		"/metrics":                       "natter_test_total 1",
		"/debug/pprof/":                  "goroutine",
		"/debug/pprof/heap?debug=1":      "heap profile",
		"/debug/pprof/cmdline":           "ops",
		"/debug/pprof/goroutine?debug=1": "goroutine profile",
	} {
		if code, body := get(h, path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, and not %q in it", path, code, want)
		}
	}
	if _, body := get(h, "/metrics"); !strings.Contains(body, "go_goroutines") {
		t.Error("the registry lacks Go's own metrics")
	}
	if code, _ := get(h, "/"); code != http.StatusNotFound {
		t.Errorf("/: %d", code)
	}
}

func TestReadinessIsMeasured(t *testing.T) {
	drain := &ops.Drain{}
	h := ops.Handler(ops.NewRegistry(), drain.Check())
	if _, body := get(h, "/metrics"); !strings.Contains(body, "natter_ready{check=\"drain\"} 1") {
		t.Errorf("ready, and /metrics has\n%s", body)
	}
	drain.Begin()
	if _, body := get(h, "/metrics"); !strings.Contains(body, "natter_ready{check=\"drain\"} 0") {
		t.Errorf("not ready, and /metrics has\n%s", body)
	}
}

// TestReadinessOfOneName: the services of one program check the same things.
func TestReadinessOfOneName(t *testing.T) {
	drain := &ops.Drain{}
	drain.Begin()
	nats := ops.Check{Name: "nats", Ready: func() error { return nil }}
	other := ops.Check{Name: "nats", Ready: drain.Check().Ready}
	code, body := get(ops.Handler(ops.NewRegistry(), nats, other, nats), "/metrics")
	if code != http.StatusOK || !strings.Contains(body, "natter_ready{check=\"nats\"} 0") {
		t.Errorf("%d, and /metrics has\n%s", code, body)
	}
}
