package ops

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Check is one thing that must be so before work is sent here.
type Check struct {
	// Name of the part, for the reader of /readyz.
	Name string
	// Ready is nil, or why not. Called for each question, by several
	// goroutines; it must not wait.
	Ready func() error
}

// Handler serves /healthz (200 while the process runs), /readyz (200, or 503
// with a line "name: reason" for each check that fails), /metrics (also the
// checks, as natter_ready) and /debug/pprof/.
func Handler(reg *prometheus.Registry, checks ...Check) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { ready(w, checks) })
	own := prometheus.NewRegistry() // reg may be another handler's too
	own.MustRegister(newReadiness(checks))
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherers{reg, own}, promhttp.HandlerOpts{Registry: reg}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

func ready(w http.ResponseWriter, checks []Check) {
	var faults strings.Builder
	for _, check := range checks {
		if err := check.Ready(); err != nil {
			fmt.Fprintf(&faults, "%s: %s\n", check.Name, oneLine(err.Error()))
		}
	}
	if faults.Len() > 0 {
		answer(w, http.StatusServiceUnavailable, faults.String())
		return
	}
	answer(w, http.StatusOK, "ok\n")
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	fmt.Fprint(w, text)
}
