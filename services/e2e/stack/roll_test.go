//go:build e2e

package stack_test

import (
	"testing"
	"time"
)

// testRoll: every container is replaced, one at a time and twice, while people
// write: once by another version that is built and rolled out by the documented
// command, and once by going back from it.
func testRoll(t *testing.T) {
	const next = "e2e-2"
	plain.Set("NATTER_VERSION", next)
	round(t, next, func(c crowd) {
		takes(t, c, "make roll", func() error { return plain.Make(t.Context(), "roll") })
	})
	plain.Set("NATTER_VERSION", version)
	round(t, version, func(c crowd) {
		for _, service := range ours {
			takes(t, c, "replacing "+service, func() error { return plain.Roll(t.Context(), service) })
		}
	})
}

// ours are the services of natter, in the order in which they are replaced.
var ours = []string{"history", "presence", "gateway"}

// round replaces ours by a version, and then the others: these with a short
// outage each, that is bridged by retries.
func round(t *testing.T, version string, replace func(crowd)) {
	t.Helper()
	c := gather(t, plain, "roll-"+version)
	c.goOn("nothing")
	replace(c)
	for _, service := range ours {
		replaced(t, service, version)
	}
	for _, service := range []string{"postgres", "nats", "haproxy"} {
		takes(t, c, "replacing "+service, func() error { return plain.Roll(t.Context(), service) })
	}
	c.leave()
	c.undisturbed()
}

// takes prints how long something took, and the people after it.
func takes(t *testing.T, c crowd, what string, do func() error) {
	t.Helper()
	began := time.Now()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	back := c.goOn(what)
	t.Logf("%s took %s; 100 acks within %s after", what, took.Round(100*time.Millisecond), back.Round(time.Millisecond))
}

// replaced: no container has another version.
func replaced(t *testing.T, service, version string) {
	t.Helper()
	all, err := plain.Containers(t.Context(), service)
	if err != nil || len(all) != 1 {
		t.Fatalf("%s has the containers %v (%v)", service, all, err)
	}
	label, err := plain.Inspect(t.Context(), all[0].ID, `{{index .Config.Labels "org.opencontainers.image.version"}}`)
	if err != nil || label != version {
		t.Errorf("%s has version %q (%v)", service, label, err)
	}
}
