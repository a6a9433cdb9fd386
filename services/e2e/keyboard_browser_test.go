//go:build e2e

package e2e_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focus is an expression that is true where the focus is on what a selector
// finds.
func focus(selector string) string {
	return fmt.Sprintf(`document.activeElement?.matches(%q)`, selector)
}

// TestKeyboardOnly is a whole conversation without a mouse; what a screen
// reader is told meanwhile is what happened.
func TestKeyboardOnly(t *testing.T) {
	d := anyDeployment(t)
	ana, bo, room := pair(t, d)
	other := named(t, d, 0, ana.id, "Ana").create(unique(t, "other"), M{"name": "Other"}).Room
	ana.until("the composer has the focus", focus("textarea"))
	press := func(what, keys, then string, held ...chromedp.Modifier) {
		t.Helper()
		ana.must(ana.Press(keys, held...))
		ana.until(what, then)
	}
	press("a text", "First", one("composer")+`.value === "First"`)
	press("a second line", kb.Enter, one("composer")+`.value === "First\n"`, chromedp.ModifierShift)
	press("the message", "line"+kb.Enter, one("composer")+`.value === "" && `+on("First\nline"))
	bo.writes("Hello Ana")
	ana.until("what a screen reader says", one("announcer")+`.textContent === "Bo: Hello Ana"`)

	press("the messages, from the composer", kb.Tab, focus(".message"), chromedp.ModifierShift)
	press("the one before", kb.ArrowUp, focus(".message")+` && document.activeElement.textContent.includes("First")`)
	press("and back", kb.ArrowDown, focus(".message")+` && document.activeElement.textContent.includes("Hello Ana")`)
	ana.until("a visible focus", `(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2; })()`)
	for range 8 { // past links and names, to what can be done
		if ana.do(`return `+focus(".actions button")) == "true" {
			break
		}
		ana.must(ana.Press(kb.Tab))
	}
	ana.until("the toolbar", focus(`[data-test="action-react"]`))
	press("the next tool", kb.ArrowRight, focus(`[data-test="action-reply"]`))
	press("the reply", kb.Enter, focus("textarea")+` && `+one("about")+`.textContent.includes("Bo")`)
	press("no reply", kb.Escape, one("about")+`.hidden`)
	press("the last own message, to edit", kb.ArrowUp, one("composer")+`.value === "First\nline"`)
	press("it is changed", "!"+kb.Enter, on("First\nline! (edited)"))

	press("the next room", kb.ArrowDown, fmt.Sprintf(`location.hash === "#/%s"`, other), chromedp.ModifierAlt)
	press("and the one before", kb.ArrowUp, fmt.Sprintf(`location.hash === "#/%s"`, room), chromedp.ModifierAlt)
	press("the finder", "k", focus("dialog input"), chromedp.ModifierCtrl)
	press("a room in it", "Other"+kb.ArrowDown, focus(".result"))
	press("that room", kb.Enter, fmt.Sprintf(`location.hash === "#/%s" && !document.querySelector("dialog[open]")`, other))
	bo.writes("While you are elsewhere")
	ana.until("that it is unread", entry(room)+`.querySelector(".badge")`)
	press("the next unread room", kb.ArrowDown, fmt.Sprintf(`location.hash === "#/%s"`, room), chromedp.ModifierAlt, chromedp.ModifierShift)
	press("the search", "f", focus(`[data-test="search-field"]`), chromedp.ModifierCtrl)
	press("out of the search", kb.Escape, focus("textarea"))
	ana.do(`document.activeElement.blur()`)
	press("all keys", "?", `document.querySelector("dialog[open] .key-list")`)
	press("no dialog", kb.Escape, `!document.querySelector("dialog[open]")`)

	for i := range 5 {
		bo.writes(fmt.Sprint("one of many ", i))
	}
	ana.until("one sentence for many, or each of them", fmt.Sprintf(`/\d+ new messages in Garden|one of many/.test(%s.textContent)`, one("announcer")))
	ana.faultless()
}

// TestZoomedAndStill: at four times the size nothing is cut off at the side,
// and who asked for it sees nothing move.
func TestZoomedAndStill(t *testing.T) {
	d := anyDeployment(t)
	ana, _, _ := pair(t, d)
	ana.must(ana.StillMotion())
	ana.must(ana.Resize(chromedp.EmulateViewport(1440/4, 900/4)))
	ana.until("no more than the width", `document.documentElement.scrollWidth <= 360`)
	ana.writes("Still readable")
	ana.sees("Still readable", "acked")
	ana.until("the message in sight", `(() => { const box = `+on("Still readable")+`.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; })()`)
	if moving := ana.do(`return document.getAnimations().length + [...document.querySelectorAll("*")].filter((e) => parseFloat(getComputedStyle(e).transitionDuration) > 0).length`); moving != "0" {
		t.Errorf("%s things would move", moving)
	}
	ana.faultless()
}
