//go:build e2e

package e2e_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/natter-chat/natter/services/e2e/harness/browser"
)

// TestChoices: the theme and the language that a reader chose hold at once, and
// after a reload.
func TestChoices(t *testing.T) {
	d := anyDeployment(t)
	ana, _, _ := pair(t, d)
	ana.must(ana.Scheme("light"))
	paper := `getComputedStyle(document.body).backgroundColor`
	ana.until("the system's theme", paper+` === "rgb(255, 255, 255)"`)
	choose := func(value string) {
		t.Helper()
		ana.do(`document.querySelector(".me").click()`)
		ana.until("the choice", `document.querySelector('dialog input[value="`+value+`"]')`)
		ana.do(`document.querySelector('dialog input[value="` + value + `"]').click()`)
	}
	choose("dark")
	ana.until("a dark page", paper+` !== "rgb(255, 255, 255)"`)
	ana.must(ana.Reload())
	ana.online()
	ana.until("a dark page", paper+` !== "rgb(255, 255, 255)"`)
	choose("zh-CN")
	ana.until("the page in Chinese", `document.documentElement.lang === "zh-CN" && document.querySelector(".find span")?.textContent === "查找房间"`)
	ana.must(ana.Reload())
	ana.online()
	ana.until("still in Chinese", one("composer")+`.placeholder === "发消息到 Garden"`)
	ana.faultless()
}

// TestNoticesAreAskedFor once a message came that is worth one, and never after
// a No.
func TestNoticesAreAskedFor(t *testing.T) {
	d := anyDeployment(t)
	ana, bo, _ := pair(t, d)
	bo.writes("Nothing for anybody")
	ana.sees("Nothing for anybody", "acked")
	ana.until("no question", `!`+one("ask-notices")+`.firstChild`)
	mention := func() {
		t.Helper()
		bo.must(bo.Type("composer", "@An"))
		bo.until("a name to choose", one("mentions")+`.children.length === 1`)
		bo.must(bo.Press("\r"))
		bo.must(bo.Press("\r"))
		bo.until("an empty composer", one("composer")+`.value === ""`)
	}
	mention()
	ana.until("the question", one("ask-notices")+`.textContent.includes("mentions")`)
	ana.do(one("ask-notices") + `.querySelector("button").click()`)
	mention()
	ana.until("both mentions", `document.querySelectorAll(".message.for-me").length === 2`)
	ana.until("no question any more", `!`+one("ask-notices")+`.firstChild`)
	ana.faultless()
}

// TestInstallable: the browser takes the page for an application.
func TestInstallable(t *testing.T) {
	d := anyDeployment(t)
	w, err := startBrowser(t).Open("visitor", gateway(d, 0)+"/")
	if err != nil {
		t.Fatal(err)
	}
	p := person{Window: w, t: t}
	p.until("the page", `document.querySelector(".welcome")`)
	manifest, err := w.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.Name != "natter" || manifest.StartURL != gateway(d, 0)+"/" || len(manifest.Icons) != 2 {
		t.Errorf("%+v", manifest)
	}
	for _, icon := range manifest.Icons {
		p.until("the icon "+icon.URL, `(fetch(`+quote(icon.URL)+`).then((r) => { window.__icon = r.ok && r.headers.get("content-type").startsWith("image/svg+xml"); }), window.__icon)`)
		p.do(`delete window.__icon`)
	}
	p.faultless()
}

// TestLongPress: a finger that stays on a message asks what can be done with it.
func TestLongPress(t *testing.T) {
	d := anyDeployment(t)
	ana, _, _ := pair(t, d)
	ana.must(ana.Resize(browser.Phone()))
	ana.writes("Hold me")
	ana.sees("Hold me", "acked")
	ana.do(`document.activeElement.blur()`)
	held := func() {
		t.Helper()
		ana.must(ana.LongPress(`.message [data-test="text"]`, one("action-delete")+`?.offsetParent`))
	}
	held()
	ana.must(ana.Click("action-reply"))
	ana.until("the text, with nothing over it", focus("textarea")+` && `+one("about")+`.textContent.includes("Ana") && !`+one("actions"))
	ana.must(ana.Press(kb.Escape))
	ana.do(`document.activeElement.blur()`)
	held()
	ana.must(ana.Click("action-delete"))
	ana.must(ana.Click("sure"))
	ana.until("it was deleted", all("text")+`.at(-1).textContent === "This message was deleted."`)
	ana.faultless()
}
