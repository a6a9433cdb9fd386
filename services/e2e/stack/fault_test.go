//go:build e2e

package stack_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/compose"
)

// fault is what happens to a container.
type fault struct {
	kind   string
	happen func(ctx context.Context, p *compose.Project, c compose.Container) error
}

func faults() []fault {
	length := 4 * time.Second
	if long() {
		length = 20 * time.Second
	}
	return []fault{
		{"kill -9", func(ctx context.Context, p *compose.Project, c compose.Container) error { return p.Kill(ctx, c) }},
		{fmt.Sprint("pause ", length), func(ctx context.Context, p *compose.Project, c compose.Container) error {
			return p.Pause(ctx, c, length)
		}},
		{fmt.Sprint("cut off ", length), func(ctx context.Context, p *compose.Project, c compose.Container) error { return p.Cut(ctx, c, length) }},
	}
}

// testFaults: each container is killed, frozen, and cut off, in turn. Natter
// heals alone, and keeps every promise.
func testFaults(t *testing.T) {
	breakAll(t, plain, "haproxy", "gateway", "history", "presence", "postgres", "nats")
}

// testClusterFaults: the same with three NATS servers and two of each service.
func testClusterFaults(t *testing.T) {
	if err := plain.Stop(t.Context()); err != nil { // it is not needed any more, and takes its share of the machine
		t.Fatal(err)
	}
	p, err := project(filepath.Join(t.TempDir(), "cluster"), "natter-e2e-cluster", "10.213.73.0/24", "compose.cluster.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(keepLogs(p, "cluster"))
		}
		if err := p.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	took, err := begin(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("all of it is healthy after %s", took.Round(100*time.Millisecond))
	comes(t, p, `count(up == 1) >= 7`)
	if long() {
		breakAll(t, p, "haproxy", "gateway", "history", "presence", "postgres", "nats-1", "nats-2", "nats-3")
	} else {
		breakAll(t, p, "nats-1", "history")
	}
}

// episode is one fault, and what people felt of it.
type episode struct {
	kind, service string
	from, to      time.Time
}

func breakAll(t *testing.T, p *compose.Project, services ...string) {
	t.Helper()
	c := gather(t, p, "faults")
	c.goOn("nothing")
	var episodes []episode
	for _, f := range faults() {
		for _, service := range services {
			all, err := p.Containers(t.Context(), service)
			if err != nil || len(all) == 0 {
				t.Fatalf("%s has the containers %v (%v)", service, all, err)
			}
			if !long() {
				all = all[:1]
			}
			for _, container := range all {
				e := episode{kind: f.kind, service: service, from: time.Now()}
				if err := f.happen(t.Context(), p, container); err != nil {
					t.Fatalf("%s of %s: %v", f.kind, container.Name, err)
				}
				c.goOn(f.kind + " of " + container.Name)
				healthy(t, p)
				e.to = time.Now()
				episodes = append(episodes, e)
			}
		}
	}
	c.leave()
	report(t, c, episodes)
}

func healthy(t *testing.T, p *compose.Project) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := p.Healthy(ctx); err != nil {
		t.Fatal(err)
	}
}

// report prints the longest time without service, by kind of fault.
func report(t *testing.T, c crowd, episodes []episode) {
	t.Helper()
	slices.SortStableFunc(episodes, func(a, b episode) int { return a.from.Compare(b.from) })
	worst := map[string]time.Duration{}
	for _, e := range episodes {
		silence, longest := c.Waits(e.from, e.to)
		worst[e.kind] = max(worst[e.kind], silence)
		t.Logf("%-12s %-9s: no ack for %5.1fs, the slowest message %5.1fs, all well after %5.1fs",
			e.kind, e.service, silence.Seconds(), longest.Seconds(), e.to.Sub(e.from).Seconds())
		for _, s := range c.Silences(e.from, e.to) {
			t.Logf("no answer to %s for %.1fs, over a connection that stayed open", s.Shot, s.To.Sub(s.From).Seconds())
			if e.service != "haproxy" && e.service != "gateway" { // these can take a connection with them unseen
				t.Errorf("%s of %s left a message without any answer", e.kind, e.service)
			}
			if e.service == "gateway" && strings.HasPrefix(e.kind, "cut off") && s.To.Sub(s.From) >= 20*time.Second {
				t.Errorf("%s of %s: HAProxy kept a connection to nowhere", e.kind, e.service)
			}
		}
	}
	t.Logf("somebody was told UNAVAILABLE, and had to send again: %v", c.Refused())
	for kind, silence := range worst {
		t.Logf("longest without any ack, %s: %.1fs", kind, silence.Seconds())
	}
}
