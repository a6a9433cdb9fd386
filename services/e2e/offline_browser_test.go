//go:build e2e

package e2e_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/browser"
	"github.com/natter-chat/natter/services/e2e/harness/proxy"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// usualAbsence is how long the browser has no network; NATTER_E2E_OFFLINE asks
// for another time.
const usualAbsence = 5 * time.Second

func absence(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("NATTER_E2E_OFFLINE")
	if text == "" {
		return usualAbsence
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("NATTER_E2E_OFFLINE=%s is not a time such as 60s", text)
	}
	return d
}

// TestOffline: what is written without a network is sent on its return, once
// and in order.
func TestOffline(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		a, b := named(t, d, 0, unique(t, "ana"), "Ana"), named(t, d, 1, unique(t, "bo"), "Bo")
		room := a.create(unique(t, "room"), M{"name": "Train"}).Room
		b.view("join", M{"room": room})
		network, err := proxy.Start(strings.TrimPrefix(gateway(d, 0), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = network.Close() })
		chromium := startBrowser(t)
		ana := visit(t, chromium, d, "http://"+network.Addr(), a.user, "Ana", "/#/"+room)
		bo := visit(t, chromium, d, gateway(d, 1), b.user, "Bo", "/#/"+room)
		ana.writes("Into the tunnel")
		bo.sees("Into the tunnel", "acked")

		ana.must(ana.Offline(true))
		network.Cut()
		ana.until("that it is offline, in words", `document.querySelector(".connection .words").textContent.includes("offline")`)
		lines := []string{"one", "two", "three"}
		for _, line := range lines {
			ana.writes(line)
			ana.sees(line, "pending")
		}
		ana.until("how many wait", `document.querySelector(".connection .words").textContent.includes("3 messages wait")`)
		began := ana.do(`return Date.now()`)
		for left := absence(t); left > 0; left -= browser.Patience / 2 {
			ana.until("time to pass", fmt.Sprintf(`Date.now() - %s > %d`, began, (absence(t)-max(0, left-browser.Patience/2)).Milliseconds()))
		}
		network.Heal()
		ana.must(ana.Offline(false))
		for _, line := range lines {
			ana.sees(line, "acked")
			bo.sees(line, "acked")
		}
		for _, p := range []person{ana, bo} {
			if got := p.texts(); !slices.Equal(got, append([]string{"Into the tunnel"}, lines...)) {
				t.Errorf("%s sees %q", p.Name, got)
			}
		}
		same(t, ana, bo)
	})
}

// TestGatewayKilledUnderAPage: of what is written while its gateway dies and
// comes back, nothing is lost or doubled on the other's screen.
func TestGatewayKilledUnderAPage(t *testing.T) {
	d := alone(t, shape.Split(), withoutLimits()...)
	ana, bo, _ := pair(t, d)
	lines := []string{}
	write := func(count int) {
		for range count {
			lines = append(lines, fmt.Sprint("line ", len(lines)))
			ana.writes(lines[len(lines)-1])
		}
	}
	write(5)
	victim := d.Process("gateway-1")
	if victim == nil {
		t.Fatal("no process is called gateway-1")
	}
	// What was sent and not yet acked is what a kill may lose or double.
	ana.do(fmt.Sprintf(`const c = %s; for (let i = 5; i < 15; i++) { c.value = "line " + i; c.dispatchEvent(new Event("input", { bubbles: true })); c.form.requestSubmit(); }`, one("composer")))
	for i := 5; i < 15; i++ {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	write(3)
	if err := victim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ana.online()
	write(2)
	ana.sees(lines[len(lines)-1], "acked")
	bo.sees(lines[len(lines)-1], "acked")
	if got := bo.texts(); !slices.Equal(got, lines) {
		t.Errorf("Bo sees %q, not %q", got, lines)
	}
	same(t, ana, bo)
}
