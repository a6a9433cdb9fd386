//go:build e2e

package e2e_test

import (
	"fmt"
	"testing"
)

// TestMutedRoom: what is said in it is neither counted nor put above, here or in
// another tab, until somebody means the reader.
func TestMutedRoom(t *testing.T) {
	d := anyDeployment(t)
	bo := enter(t, d, 0, unique(t, "bo"))
	loud, open := bo.create(unique(t, "loud"), M{"name": "Loud"}).Room, bo.create(unique(t, "open"), M{"name": "Open"}).Room
	user := unique(t, "ana")
	reader := named(t, d, 0, user, "Ana")
	for _, room := range []string{loud, open} {
		reader.view("join", M{"room": room})
	}
	chromium := startBrowser(t)
	ana := visit(t, chromium, d, gateway(d, 0), user, "Ana", "/#/"+loud)
	ana.must(ana.Click("settings"))
	ana.must(ana.Click("room-muted"))
	ana.do(`document.querySelector("dialog[open]").close()`)
	ana.opens(open)
	row := fmt.Sprintf(`document.querySelector('[data-test="room"][data-room=%q]')`, loud)
	ana.until("it is dim", row+`.classList.contains("muted")`)
	bo.send(loud, "A and B and C")
	bo.send(open, "now")
	ana.sees("now", "acked")
	ana.until("it came, and is not counted", fmt.Sprintf(`%s.querySelector(".last").textContent.includes("A and B and C") && !%s.querySelector(".badge") && !document.title.startsWith("(")`, row, row))
	ana.do(row + `.scrollIntoView()`)
	ana.must(ana.Picture(pictures, "muted"))
	bo.send(loud, "But <@"+user+"> may know")
	ana.until("a mention is counted", row+`.querySelector(".badge.mention")?.textContent.startsWith("1")`)
	ana.until("in the title, too", `document.title.startsWith("(1)")`)

	ana.must(ana.Reload())
	ana.online()
	ana.until("it is still muted", row+`?.classList.contains("muted") && `+row+`.querySelector(".badge.mention")?.textContent.startsWith("1")`)
	ana.opens(loud)
	ana.must(ana.Click("settings"))
	ana.must(ana.Click("room-muted"))
	ana.do(`document.querySelector("dialog[open]").close()`)
	ana.opens(open)
	bo.send(loud, "and D")
	ana.until("it is counted again", row+`.querySelector(".badge")?.textContent.startsWith("1") && !`+row+`.classList.contains("muted")`)
	ana.faultless()
}
