//go:build e2e

package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// pair is Ana, who uses the page, and Bo, who does, too, over another gateway
// where there is one; both are in a room of their own.
func pair(t *testing.T, d *shape.Deployment) (ana, bo person, room string) {
	t.Helper()
	a, b := named(t, d, 0, unique(t, "ana"), "Ana"), named(t, d, 1, unique(t, "bo"), "Bo")
	room = a.create(unique(t, "room"), M{"name": "Garden"}).Room
	b.view("join", M{"room": room})
	chromium := startBrowser(t)
	ana = visit(t, chromium, d, gateway(d, 0), a.user, "Ana", "/#/"+room)
	bo = visit(t, chromium, d, gateway(d, 1), b.user, "Bo", "/#/"+room)
	return ana, bo, room
}

// named begins a session of a user with a name.
func named(t *testing.T, d *shape.Deployment, i int, id, name string) *session {
	t.Helper()
	s := dial(t, d, i)
	s.greet(id, tokenNamed(d, id, name), M{})
	return s
}

// writes types into the composer and presses Enter.
func (p person) writes(text string) {
	p.t.Helper()
	p.must(p.Type("composer", text))
	p.must(p.Press("\r"))
	p.until("an empty composer", one("composer")+`.value === ""`)
}

// TestTalk is what two people do with each other's messages, each on their own
// page.
func TestTalk(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, _ := pair(t, d)

		ana.writes("Is **anybody** here? See https://example.com/a?b=1, `now`")
		bo.until("what is marked is drawn so", all("text")+`.some((e) => e.querySelector("strong")?.textContent === "anybody" &&
			e.querySelector("a[rel~=noopener][rel~=noreferrer]")?.href === "https://example.com/a?b=1" && e.querySelector("code")?.textContent === "now")`)

		bo.acts("Is anybody here? See https://example.com/a?b=1, now", "reply")
		bo.until("whom it answers", one("about")+`.textContent.includes("Ana")`)
		bo.writes("I am")
		ana.until("the quote", on("I am")+`?.querySelector('[data-test="quote"]')?.textContent.includes("Is anybody here?")`)

		bo.acts("I am", "react")
		bo.until("the board", one("emoji"))
		bo.do(one("emoji") + `.click()`)
		ana.until("the reaction", on("I am")+`.querySelector('[data-test="reaction"]')?.textContent === "👍1"`)
		ana.do(on("I am") + `.querySelector('[data-test="reaction"]').click()`)
		bo.until("both reactions", on("I am")+`.querySelector('[data-test="reaction"]')?.textContent === "👍2"`)
		ana.do(on("I am") + `.querySelector('[data-test="reaction"]').click()`)
		bo.until("one was taken back", on("I am")+`.querySelector('[data-test="reaction"]')?.textContent === "👍1"`)

		ana.writes("Godo")
		ana.sees("Godo", "acked")
		ana.must(ana.Press(kb.ArrowUp))
		ana.until("the last message to edit", one("composer")+`.value === "Godo"`)
		ana.do(one("composer") + `.select()`)
		ana.must(ana.Press("Good\r"))
		bo.until("the change", on("Good (edited)"))

		ana.writes("Forget this")
		bo.sees("Forget this", "acked")
		ana.acts("Forget this", "delete")
		ana.must(ana.Click("sure"))
		bo.until("it was deleted", all("text")+`.at(-1).textContent === "This message was deleted."`)

		ana.must(ana.Type("composer", "Hi @b"))
		ana.until("a name to choose", one("mentions")+`.children.length === 1`)
		ana.must(ana.Press("\r"))
		ana.until("the name", one("composer")+`.value === "Hi @Bo "`)
		ana.must(ana.Press("\r"))
		bo.until("a mention of oneself", on("Hi @Bo")+`?.querySelector(".mention.mine")`)

		long := strings.Repeat("word ", 4000)
		ana.do(fmt.Sprintf(`const c = %s; c.focus(); c.value = %q; c.dispatchEvent(new Event("input", { bubbles: true }))`, one("composer"), long))
		ana.must(ana.Click("split"))
		bo.until("both parts of a long text", all("text")+`.slice(-2).reduce((n, e) => n + e.textContent.split("word").length - 1, 0) === 4000`)

		ana.faultless()
		bo.faultless()
	})
}

// TestThreads: answers beside the room, seen as one quiet line in it.
func TestThreads(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, _ := pair(t, d)
		ana.writes("Where is the key?")
		bo.acts("Where is the key?", "thread")
		bo.until("the thread", one("thread")+`?.querySelector('[data-test="message"]')`)
		bo.must(bo.Type("thread-composer", "Under the stone"))
		bo.must(bo.Press("\r"))
		bo.until("the answer in the thread", one("thread")+`.textContent.includes("Under the stone")`)
		ana.until("a quiet line", one("in-thread")+`?.textContent.includes("Under the stone")`)
		ana.until("how many", one("replies")+`?.textContent === "1 answer"`)
		if texts := ana.texts(); len(texts) != 1 {
			t.Errorf("in the room stand %q", texts)
		}
		ana.do(one("in-thread") + `.click()`)
		ana.until("the thread", one("thread")+`?.querySelectorAll('[data-test="message"]').length === 2`)
		ana.must(ana.Type("thread-composer", "Found"))
		ana.must(ana.Press("\r"))
		bo.until("the second answer", one("thread")+`.textContent.includes("Found")`)
		bo.until("two answers", one("replies")+`?.textContent === "2 answers"`)
		ana.must(ana.Reload())
		ana.online()
		ana.until("two answers after a reload", one("replies")+`?.textContent === "2 answers"`)
		ana.faultless()
		bo.faultless()
	})
}

// TestRoomsAndPeople: unread counts, mentions, direct messages, who is here,
// private rooms, and keeping order.
func TestRoomsAndPeople(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, room := pair(t, d)
		entry := func(id string) string {
			return fmt.Sprintf(`%s.find((r) => r.dataset.room === %q)`, all("room"), id)
		}
		bo.do(one("create-room") + `.click()`)
		bo.must(bo.Type("create-name", "Shed"))
		bo.do(one("kind-PRIVATE") + `.click()`)
		bo.must(bo.Click("create-submit"))
		bo.until("the new room", all("room")+`.some((r) => r.getAttribute("aria-current") === "page" && r.textContent.includes("Shed"))`)
		shed := bo.do(`return ` + all("room") + `.find((r) => r.getAttribute("aria-current") === "page").dataset.room`)
		bo.must(bo.Click("settings"))
		bo.must(bo.Type("invite-user", ana.id))
		bo.must(bo.Click("invite"))
		ana.until("the room she was invited to", entry(shed))
		bo.until("no dialog", `(document.querySelector("dialog[open]")?.close(), !document.querySelector("dialog[open]"))`)
		bo.writes("The first in here")
		ana.until("a count", entry(shed)+`?.querySelector(".badge:not(.mention)")?.firstChild.textContent === "1" && document.title.startsWith("(1)")`)
		bo.must(bo.Type("composer", "@an"))
		bo.until("a name to choose", one("mentions")+`.children.length === 1`)
		bo.must(bo.Press("\r"))
		bo.must(bo.Press("\r"))
		ana.until("a mention", entry(shed)+`?.querySelector(".badge.mention")?.textContent.includes("1 mention")`)
		ana.do(entry(shed) + `.click()`)
		ana.until("the room, read", entry(shed)+`?.getAttribute("aria-current") === "page" && !`+entry(shed)+`.querySelector(".badge")`)
		bo.until("who has read it", one("typing")+`.textContent === "Read by Ana"`)

		ana.do(entry(room) + `.click()`)
		ana.until("Bo among the people", all("person")+fmt.Sprintf(`.some((p) => p.dataset.user === %q && p.dataset.presence === "ONLINE")`, bo.id))
		bo.do(`document.querySelector(".me").click()`)
		bo.do(one("status-BUSY") + `.click()`)
		bo.must(bo.Type("status-text", "in the shed"))
		bo.must(bo.Click("status-set"))
		ana.until("that Bo is busy, and where", all("person")+fmt.Sprintf(`.some((p) => p.dataset.user === %q && p.dataset.presence === "BUSY" && p.textContent.includes("in the shed"))`, bo.id))
		bo.until("no dialog", `(document.querySelector("dialog[open]")?.close(), !document.querySelector("dialog[open]"))`)

		ana.do(all("person") + fmt.Sprintf(`.find((p) => p.dataset.user === %q).click()`, bo.id))
		ana.must(ana.Click("direct"))
		ana.until("a room for two", `document.querySelector("h1 bdi").textContent === "Bo" && `+one("composer"))
		ana.writes("Psst")
		bo.until("it comes to Bo, under Ana's name", all("room")+`.some((r) => r.textContent.includes("Ana") && r.querySelector(".badge"))`)

		ana.do(entry(room) + `.click()`)
		ana.must(ana.Click("settings"))
		ana.must(ana.Type("room-topic", "Quiet now"))
		ana.must(ana.Click("room-keep"))
		bo.do(entry(room) + `.click()`)
		bo.until("the topic", `document.querySelector(".topic").textContent === "Quiet now"`)
		ana.until("people", all("person")+fmt.Sprintf(`.some((p) => p.dataset.user === %q)`, bo.id))
		ana.do(all("person") + fmt.Sprintf(`.find((p) => p.dataset.user === %q).click()`, bo.id))
		ana.must(ana.Click("person-mute"))
		bo.must(bo.Type("composer", "Am I muted?"))
		bo.must(bo.Press("\r"))
		bo.sees("Am I muted?", "failed")
		bo.until("why, and what to do", `document.querySelector(".progress.failed").textContent.includes("you may not write here") && document.querySelectorAll(".progress.failed button").length === 2`)
		ana.do(all("person") + fmt.Sprintf(`.find((p) => p.dataset.user === %q).click()`, bo.id))
		ana.until("until when he is muted, and how to end it", one("person-muted")+`?.textContent.startsWith("Muted, cannot write here until") && `+one("person-unmute")+` && !`+one("person-mute"))
		ana.must(ana.Click("person-kick"))
		bo.until("that he was removed, and by whom", `document.querySelector(".panel.stop")?.textContent.includes("Ana removed you")`)
		ana.faultless()
		bo.faultless()
	})
}

// TestSearchAndLinks: what is searched is found and marked, and a click, or a
// link, leads to the message wherever it is.
func TestSearchAndLinks(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		a := enter(t, d, 0, unique(t, "ana"))
		room := a.create(unique(t, "room"), M{"name": "Long"}).Room
		needle := a.send(room, "the needle in the hay")
		for i := range 400 {
			a.send(room, fmt.Sprint("hay ", i))
		}
		ana := visit(t, startBrowser(t), d, gateway(d, 0), a.user, "Ana", "/#/"+room)
		ana.sees("hay 399", "acked")
		ana.must(ana.Click("search"))
		ana.must(ana.Type("search-field", "needle"))
		ana.until("what was found, marked", one("hit")+`?.querySelector("mark")?.textContent === "needle"`)
		ana.do(one("hit") + `.click()`)
		seen := func(seq uint32) string {
			return fmt.Sprintf(`(() => { const m = document.querySelector('.timeline [data-seq="%d"]'); if (!m) return false; const box = m.getBoundingClientRect(), view = m.closest(".timeline").getBoundingClientRect(); return box.top >= view.top && box.bottom <= view.bottom; })()`, seq)
		}
		ana.until("the message in sight", seen(needle.Seq))
		ana.must(ana.Click("latest"))
		ana.until("the newest", seen(needle.Seq+400))
		ana.must(ana.Go(gateway(d, 0) + "/icon.svg"))
		ana.must(ana.Go(fmt.Sprintf("%s/#/%s/%d", gateway(d, 0), room, needle.Seq+200)))
		ana.online()
		ana.until("the message of the link", seen(needle.Seq+200)+` && document.activeElement?.dataset.seq === "`+fmt.Sprint(needle.Seq+200)+`"`)
		a.send(room, "meanwhile")
		ana.must(ana.Click("latest"))
		ana.sees("meanwhile", "acked")
		ana.faultless()
	})
}
