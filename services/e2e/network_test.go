package e2e_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// usualOutage is how long a service cannot reach NATS; NATTER_E2E_OUTAGE asks
// for another time, and for the cases that are left out usually.
const usualOutage = 6 * time.Second

func outages(t *testing.T) (outage time.Duration, long bool) {
	t.Helper()
	text := os.Getenv("NATTER_E2E_OUTAGE")
	if text == "" {
		return usualOutage, false
	}
	outage, err := time.ParseDuration(text)
	if err != nil || outage <= 0 {
		t.Fatalf("NATTER_E2E_OUTAGE=%s is not a time such as 30s", text)
	}
	return outage, true
}

// TestNetworkFaults: a gateway, or history, cannot reach NATS, for longer than
// a command lives. Sessions stay, each send is answered, and when the network
// is back everybody has everything.
func TestNetworkFaults(t *testing.T) {
	t.Parallel()
	outage, long := outages(t)
	for name, tt := range map[string]struct {
		process string
		begin   func(d *shape.Deployment)
		usual   bool
	}{
		"a gateway is cut off":         {"gateway-1", func(d *shape.Deployment) { d.Networks["gateway-1"].Cut() }, false},
		"a gateway is in a black hole": {"gateway-1", func(d *shape.Deployment) { d.Networks["gateway-1"].Hold() }, false},
		"history is cut off":           {"history", func(d *shape.Deployment) { d.Networks["history"].Cut() }, false},
		"history is in a black hole":   {"history", func(d *shape.Deployment) { d.Networks["history"].Hold() }, true},
	} {
		if !long && !tt.usual {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := proxied(t, append(withoutLimits(), "NATTER_LOG_LEVEL=info")...)
			run := startLoad(t, d)
			run.more(50)
			ana, bo := enter(t, d, 0, "ana"), enter(t, d, 1, "bo")
			room := ana.create("room", nil).Room
			bo.view("join", M{"room": room})
			ready := readyOf(d, tt.process)
			tt.begin(d)
			began := time.Now()
			id, err := ana.Post("send", ana.message(room, "into the void"))
			if err != nil {
				t.Fatal(err)
			}
			natstest.Eventually(t, client.Patience, tt.process+" says that it is not ready", func() bool { return notReady(t, ready) })
			ana.ping()
			ctx, cancel := context.WithTimeout(t.Context(), client.Patience)
			defer cancel()
			if reply, err := ana.Reply(ctx, id); err != nil || reply.Error == nil || reply.Error.Code != "UNAVAILABLE" {
				t.Errorf("a send in the outage was answered with %s (%v)", reply, err)
			}
			if tt.process != "history" { // nobody there needs the gateway that is cut off
				bo.send(room, "all is well here")
			}
			wait(outage - time.Since(began))
			ana.ping()
			d.Networks[tt.process].Heal()
			natstest.Eventually(t, client.Patience, tt.process+" is ready again", func() bool { return !notReady(t, ready) })
			last := bo.send(room, "all is well again")
			ana.reach(room, last.Seq)
			ana.reach(room, ana.send(room, "here, too").Seq)
			run.more(50)
			run.finish()
			run.verify()
			run.stayed()
		})
	}
}

// TestBrokerKilledUnderLoad: NATS is killed and started again while people
// write: sessions stay, and nothing that was acked is lost or doubled.
func TestBrokerKilledUnderLoad(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split(), append(withoutLimits(), "NATTER_LOG_LEVEL=info")...)
	run := startLoad(t, d)
	nats := d.Process("nats")
	for range 2 {
		run.more(100)
		if err := nats.Kill(); err != nil {
			t.Fatal(err)
		}
		for _, url := range d.Ops {
			natstest.Eventually(t, client.Patience, url+"/readyz says no", func() bool { return notReady(t, url) })
		}
		if err := nats.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, url := range d.Ops {
			natstest.Eventually(t, client.Patience, url+"/readyz says yes", func() bool { return !notReady(t, url) })
		}
	}
	run.more(50)
	run.finish()
	run.verify()
	run.stayed()
}

// stayed fails if anybody was cut off meanwhile.
func (r *crashRun) stayed() {
	r.t.Helper()
	for _, s := range r.senders {
		if s.Connections != 1 {
			r.t.Errorf("%s had %d connections", s.Name, s.Connections)
		}
	}
	for i, o := range r.observers {
		if o.Resumes["FRESH"] != 1 || len(o.Resumes) != 1 {
			r.t.Errorf("observer %d came in as %v", i, o.Resumes)
		}
	}
}

// readyOf is the base URL of where a process says whether it is ready.
func readyOf(d *shape.Deployment, process string) string {
	return strings.TrimSuffix(d.Process(process).Ready(), "/readyz")
}
