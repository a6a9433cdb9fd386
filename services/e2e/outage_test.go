package e2e_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestOutage: while NATS is away, everybody is told so, and nobody has to be
// restarted when it is back.
func TestOutage(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split(), withoutLimits()...)
	ana, bo := enter(t, d, 0, "ana"), enter(t, d, 1, "bo")
	room := ana.create("room", nil).Room
	bo.view("join", M{"room": room})
	nats := d.Process("nats")
	if err := nats.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, url := range d.Ops {
		natstest.Eventually(t, client.Patience, url+"/readyz says no", func() bool { return notReady(t, url) })
	}
	body := ana.message(room, "into the void")
	refusal := ana.refused("send", body, "UNAVAILABLE", "")
	ana.ping()
	if err := nats.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, url := range d.Ops {
		natstest.Eventually(t, client.Patience, url+"/readyz says yes", func() bool { return !notReady(t, url) })
	}
	again := ana.ack("send", with(body, M{"attempt": 2}))
	bo.reach(room, again.Seq)
	t.Logf("the refusal was %v; after the outage the message has seq %d", refusal, again.Seq)
}

func notReady(t *testing.T, ops string) bool {
	t.Helper()
	response := get(t, ops+"/readyz")
	reason, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK && len(reason) == 0 {
		t.Errorf("%s/readyz says %s without a reason", ops, response.Status)
	}
	return response.StatusCode == http.StatusServiceUnavailable
}

// TestLostGateway: those who were at a gateway that died are gone after a
// while, and those who come back in time never were.
func TestLostGateway(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split(), withoutLimits()...)
	ana := enter(t, d, 1, "ana")
	room := ana.create("room", nil).Room
	bo, cy := enter(t, d, 0, "bo"), enter(t, d, 0, "cy")
	for _, s := range []*session{bo, cy} {
		s.view("join", M{"room": room})
		ana.sees(room, s.user, "ONLINE", 0)
	}
	mark := ana.Mark()
	if err := d.Process("gateway-1").Kill(); err != nil {
		t.Fatal(err)
	}
	back := cy.back(d, 1)
	ana.sees(room, "bo", "OFFLINE", mark)
	for _, frame := range ana.Since(mark) {
		if frame.PresenceChange != nil && frame.PresenceChange.State("cy") == "OFFLINE" {
			t.Errorf("cy came back at once, and was shown as gone: %s", frame)
		}
	}
	back.reach(room, ana.send(room, "still here").Seq)
}
