package ops

import "github.com/prometheus/client_golang/prometheus"

// readiness tells /metrics what /readyz would say, check by check, so that an
// alert can be made of it.
type readiness struct {
	desc   *prometheus.Desc
	checks []Check
}

func newReadiness(checks []Check) readiness {
	return readiness{
		desc:   prometheus.NewDesc("natter_ready", "Whether a check of /readyz passes: 1, or 0.", []string{"check"}, nil),
		checks: checks,
	}
}

func (r readiness) Describe(to chan<- *prometheus.Desc) { to <- r.desc }

// Collect tells each check once: of several with one name, as one program with
// several services has, whether all of them pass.
func (r readiness) Collect(to chan<- prometheus.Metric) {
	ready := map[string]float64{}
	for _, check := range r.checks {
		if _, told := ready[check.Name]; !told {
			ready[check.Name] = 1
		}
		if check.Ready() != nil {
			ready[check.Name] = 0
		}
	}
	for name, value := range ready {
		to <- prometheus.MustNewConstMetric(r.desc, prometheus.GaugeValue, value, name)
	}
}
