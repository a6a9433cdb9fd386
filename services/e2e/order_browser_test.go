//go:build e2e

package e2e_test

import (
	"fmt"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestKeepingOrder: a moderator bans somebody and lifts the ban, slows a room
// down, archives it and deletes it, and everybody sees at once what that means.
func TestKeepingOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, room := pair(t, d)
		bo.writes("Cheap seeds!")
		ana.sees("Cheap seeds!", "acked")
		card := func() {
			t.Helper()
			ana.do(fmt.Sprintf(`document.querySelector('.message .person-name[data-user=%q]').click()`, bo.id))
			ana.until("the card", one("person-ban"))
		}
		card()
		ana.until("what one may do with a member", one("person-kick")+` && !`+one("person-unban"))
		ana.must(ana.Click("person-ban"))
		ana.must(ana.Click("sure"))
		bo.until("that he was banned, and by whom", `document.querySelector(".panel.stop")?.textContent.includes("Ana banned you")`)
		ana.until("that it is done, in the room", `[...document.querySelectorAll(".notice")].some((n) => n.textContent === "Ana banned Bo")`)
		card()
		ana.until("what one may do with somebody banned", one("person-unban")+` && !`+one("person-kick"))
		ana.must(ana.Click("person-unban"))
		ana.until("that it is lifted", `[...document.querySelectorAll(".notice")].some((n) => n.textContent === "Ana lifted the ban on Bo")`)
		bo.must(bo.Go(gateway(d, 1) + "/icon.svg"))
		bo.must(bo.Go(gateway(d, 1) + "/#/" + room))
		bo.until("a way in", one("join"))
		bo.must(bo.Click("join"))
		bo.online()

		settings := func(button string) {
			t.Helper()
			ana.must(ana.Click("settings"))
			ana.must(ana.Click(button))
		}
		ana.must(ana.Click("settings"))
		ana.until("the form", one("room-slow"))
		ana.do(one("room-slow") + `.value = "60"`)
		ana.must(ana.Click("room-keep"))
		bo.until("that it is slow now", `[...document.querySelectorAll(".notice")].some((n) => n.textContent.includes("a message per 60 seconds"))`)
		bo.writes("Sorry for that")
		bo.sees("Sorry for that", "acked")
		bo.must(bo.Type("composer", "One more thing"))
		bo.until("how long to wait, with what was typed", `document.querySelector(".composer-hint").textContent.startsWith("Slow mode") && `+one("composer")+`.value === "One more thing"`)

		settings("archive")
		bo.until("that one cannot write, and why", `document.querySelector(".panel")?.textContent.includes("archived") && !`+one("composer"))
		ana.until("no dialog", `!document.querySelector("dialog[open]")`)
		settings("archive")
		bo.until("that one can again, with what was typed", one("composer")+`?.value === "One more thing"`)
		ana.until("no dialog", `!document.querySelector("dialog[open]")`)
		settings("delete-room")
		ana.must(ana.Click("sure"))
		bo.until("that it was closed", `document.querySelector(".panel.stop")?.textContent.includes("was closed")`)
		ana.faultless()
		bo.faultless()
	})
}
