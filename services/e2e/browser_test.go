//go:build e2e

package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/browser"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestTwoBrowsers is what a newcomer does: two windows chat, the process is
// killed, and both go on by themselves with all there was.
func TestTwoBrowsers(t *testing.T) {
	d := alone(t, shape.Standalone())
	chromium := startBrowser(t)
	open := func(name string) person {
		w, err := chromium.Open(name, gateway(d, 0)+"/")
		if err != nil {
			t.Fatal(err)
		}
		return person{Window: w, t: t}
	}
	ana, bo := open("Ana"), open("Bo")
	ana.until("the welcome", one("name"))
	ana.must(ana.Picture(pictures, "welcome-1440x900"))
	ana.enter()
	bo.enter()
	people := []person{ana, bo}

	chat(t, ana, bo)
	look(t, ana)
	killAndComeBack(t, d, ana, bo)
	ownRoom(t, ana)
	for _, p := range people {
		if faults := p.Faults(); len(faults) > 0 {
			t.Errorf("in %s's window: %s", p.Name, strings.Join(faults, "\n"))
		}
	}
}

func chat(t *testing.T, ana, bo person) {
	t.Helper()
	ana.says("Hello, is anybody here?")
	ana.sees("Hello, is anybody here?", "acked")
	bo.sees("Hello, is anybody here?", "acked")
	bo.must(bo.Type("composer", "I am "))
	ana.until("Bo types", one("typing")+`.textContent.includes("Bo")`)
	ana.must(ana.Picture(pictures, "typing-1440x900"))
	bo.says("here <b>now</b>")
	ana.sees("I am here <b>now</b>", "acked")
	for i := range 4 {
		ana.says(fmt.Sprintf("Line %d from Ana", i))
		bo.sees(fmt.Sprintf("Line %d from Ana", i), "acked")
		bo.says(fmt.Sprintf("Line %d from Bo", i))
		ana.sees(fmt.Sprintf("Line %d from Bo", i), "acked")
	}
	bo.sees("Line 3 from Bo", "acked")
	same(t, ana, bo)
	ana.until("both are here", all("person")+`.filter((p) => p.dataset.presence === "ONLINE").length === 2`)
}

// same: both see the same messages with the same seqs.
func same(t *testing.T, ana, bo person) {
	t.Helper()
	if a, b := ana.texts(), bo.texts(); !slices.Equal(a, b) {
		t.Errorf("Ana sees %q, Bo %q", a, b)
	}
	if a, b := ana.seqs(), bo.seqs(); !slices.Equal(a, b) || slices.Contains(a, "") {
		t.Errorf("Ana sees the seqs %v, Bo %v", a, b)
	}
}

// look takes pictures at a desk and on a phone.
func look(t *testing.T, p person) {
	t.Helper()
	p.must(p.Picture(pictures, "lobby-1440x900"))
	p.must(p.Resize(browser.Phone()))
	p.until("no wider than a phone", `document.documentElement.scrollWidth <= 390 && `+one("composer"))
	p.must(p.Picture(pictures, "lobby-390x844"))
	p.must(p.Click("back"))
	p.until("the rooms", all("room")+`.some((r) => r.dataset.room === "lobby" && r.offsetParent)`)
	p.must(p.Picture(pictures, "rooms-390x844"))
	p.must(p.Click("room"))
	p.until("the room again", one("composer")+`?.offsetParent`)
	p.must(p.Resize(browser.Desk()))
	p.until("the desk again", one("composer")+`?.offsetParent`)
}

func killAndComeBack(t *testing.T, d *shape.Deployment, ana, bo person) {
	t.Helper()
	before := ana.texts()
	if err := d.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, p := range []person{ana, bo} {
		p.until("that the connection is lost", `["connecting", "reconnecting", "offline"].includes(`+one("connection")+`.dataset.state)`)
	}
	ana.says("Written while nobody listens")
	ana.sees("Written while nobody listens", "pending")
	// Until the page says so in words, which takes a moment.
	ana.until("words about the connection", one("connection")+`.innerText.trim() !== ""`)
	ana.must(ana.Picture(pictures, "reconnecting-1440x900"))
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ana.online()
	bo.online()
	ana.sees("Written while nobody listens", "acked")
	bo.sees("Written while nobody listens", "acked")
	bo.says("And we go on")
	ana.sees("And we go on", "acked")
	same(t, ana, bo)
	want := append(slices.Clone(before), "Written while nobody listens", "And we go on")
	if got := ana.texts(); !slices.Equal(got, want) {
		t.Errorf("after the restart Ana sees %q, not %q", got, want)
	}
	bo.must(bo.Reload())
	bo.online()
	bo.sees("And we go on", "acked")
	same(t, ana, bo)
}

// ownRoom makes a room by the page's own dialog.
func ownRoom(t *testing.T, p person) {
	t.Helper()
	p.must(p.Click("create-room"))
	p.must(p.Type("create-name", "Garden"))
	p.must(p.Picture(pictures, "create-1440x900"))
	p.must(p.Click("create-submit"))
	p.until("the new room", all("room")+`.some((r) => r.getAttribute("aria-current") === "page" && r.dataset.room !== "lobby")`)
	p.says("First in the garden")
	p.sees("First in the garden", "acked")
}
