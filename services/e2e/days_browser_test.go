//go:build e2e

package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/token"
)

// TestDaysAndTimes: each reader sees the times of their own zone, messages of a
// person that follow each other as one group, a line above each day, and one
// where reading stopped.
func TestDaysAndTimes(t *testing.T) {
	d := anyDeployment(t)
	ana, bo, room := pair(t, d)
	ana.writes("First")
	ana.writes("Second")
	bo.sees("Second", "acked")
	bo.writes("Third")
	ana.sees("Third", "acked")
	head := func(text string) string { return on(text) + `.classList.contains("head")` }
	ana.until("two groups", head("First")+` && !`+head("Second")+` && `+head("Third"))
	ana.until("one day", `[...document.querySelectorAll(".day")].map((e) => e.textContent).join() === "Today"`)

	for _, zone := range []string{"Pacific/Auckland", "America/Los_Angeles"} {
		bo.must(bo.Zone(zone))
		bo.must(bo.Reload())
		bo.sees("First", "acked")
		bo.until("the time in "+zone, fmt.Sprintf(`(() => { const at = %s.querySelector(".byline time");
			return at.textContent === new Intl.DateTimeFormat(navigator.language, { timeStyle: "short", timeZone: %q }).format(new Date(at.dateTime)); })()`, on("First"), zone))
	}

	// A token that outlasts the days that the page's clock is set ahead.
	jwt := token.For(ana.id, "Ana").With("exp", time.Now().Add(30*24*time.Hour).Unix()).Sign(d.JWTSecret)
	ana.do(fmt.Sprintf(`localStorage.setItem("natter.guest", JSON.stringify({token: %q, user: {id: %q, name: "Ana"}}))`, jwt, ana.id))
	ana.must(ana.Ahead(24 * time.Hour))
	ana.must(ana.Reload())
	ana.online()
	ana.until("that it was yesterday", `[...document.querySelectorAll(".day")].at(-1)?.textContent === "Yesterday"`)
	ana.must(ana.Ahead(48 * time.Hour)) // beside the other day
	ana.must(ana.Reload())
	ana.online()
	ana.until("which day it was", `(() => { const day = [...document.querySelectorAll(".day")].at(-1)?.textContent;
		return day === new Intl.DateTimeFormat(navigator.language, { weekday: "long", month: "long", day: "numeric" }).format(new Date(`+on("First")+`.querySelector("time").dateTime)); })()`)

	// What came while another room was open is new, until this one is left.
	shed := named(t, d, 0, ana.id, "Ana").create(unique(t, "shed"), M{"name": "Shed"}).Room
	ana.opens(shed)
	bo.writes("While you were out")
	bo.writes("And once more")
	ana.until("two unread", entry(room)+`.querySelector(".badge")?.firstChild.textContent === "2"`)
	ana.opens(room)
	ana.until("the line above the first of them", on("While you were out")+`?.previousElementSibling?.classList.contains("new")`)
	bo.writes("A third")
	ana.sees("A third", "acked")
	ana.until("one line, where it was", `document.querySelectorAll(".timeline .new").length === 1 && `+on("While you were out")+`.previousElementSibling.classList.contains("new")`)
	ana.opens(shed)
	ana.opens(room)
	ana.until("no line any more", on("A third")+` && !document.querySelector(".timeline .new")`)
	ana.faultless()
	bo.faultless()
}
