//go:build e2e

package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// entry is an expression for a room's line in the list.
func entry(room string) string {
	return fmt.Sprintf(`%s.find((r) => r.dataset.room === %q)`, all("room"), room)
}

// TestNothingTypedIsLost: a draft waits in its room, also over a reload; what
// was not sent can be tried again or dropped, and a text of any length is taken.
func TestNothingTypedIsLost(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, room := pair(t, d)
		owner := named(t, d, 1, bo.id, "Bo")
		other := owner.create(unique(t, "shed"), M{"name": "Shed", "kind": "PRIVATE", "members": []string{ana.id}}).Room

		ana.must(ana.Type("composer", "Half a thought"))
		ana.opens(other)
		ana.until("nothing typed here", one("composer")+`.value === ""`)
		ana.until("that a draft waits there", entry(room)+`.querySelector(".draft")?.textContent === "Draft"`)
		ana.must(ana.Type("composer", "Another"))
		ana.must(ana.Reload())
		ana.online()
		ana.until("this room's draft", one("composer")+`.value === "Another"`)
		ana.opens(room)
		ana.until("that room's draft", one("composer")+`.value === "Half a thought"`)
		ana.must(ana.Press("\r"))
		bo.sees("Half a thought", "acked")
		ana.until("no draft here any more", `!`+entry(room)+`.querySelector(".draft")`)

		ana.opens(other)
		ana.until("the draft", one("composer")+`.value === "Another"`)
		owner.ack("mute", M{"room": other, "user": ana.id})
		ana.must(ana.Press("\r"))
		ana.sees("Another", "failed")
		ana.must(ana.Reload())
		ana.online()
		ana.sees("Another", "failed")
		owner.ack("unmute", M{"room": other, "user": ana.id})
		ana.until("one's right to write", one("composer"))
		ana.do(`document.querySelector(".progress.failed button").click()`)
		ana.sees("Another", "acked")
		owner.ack("mute", M{"room": other, "user": ana.id})
		ana.writes("Better not")
		ana.sees("Better not", "failed")
		ana.do(`document.querySelectorAll(".progress.failed button")[1].click()`)
		ana.until("it was dropped", `!`+on("Better not"))
		if texts := ana.texts(); len(texts) != 1 || texts[0] != "Another" {
			t.Errorf("in the room stand %q", texts)
		}

		ana.opens(room)
		ana.until("the composer", one("composer"))
		pasted := strings.Repeat("All that was said in the meeting, word for word.\n", 700)
		ana.do(fmt.Sprintf(`%s.focus(); document.execCommand("insertText", false, %q)`, one("composer"), pasted))
		ana.until("how much too long it is, and a way out", `document.querySelector(".composer-hint.over") && `+one("split"))
		ana.must(ana.Press("\r"))
		ana.until("it is still there", fmt.Sprintf(`%s.value.length === %d`, one("composer"), len(pasted)))
		ana.must(ana.Click("split"))
		bo.until("all of it", all("text")+`.reduce((n, e) => n + e.textContent.split("word for word").length - 1, 0) === 700`)
		same(t, ana, bo)
		ana.faultless()
		bo.faultless()
	})
}
