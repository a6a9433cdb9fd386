//go:build e2e

package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// hostile is a deployment of a test's own, one site that may embed its rooms, and
// at least 100 words that would do harm on a page that believed them.
func hostile(t *testing.T) (*shape.Deployment, *host, []string) {
	t.Helper()
	addr, err := process.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	site := hostAt(t, addr)
	d := alone(t, shape.Standalone(), append(withoutLimits(), "NATTER_ORIGINS=http://"+addr)...)
	site.natter = gateway(d, 0)
	payloads := hostileWords()
	if len(payloads) < 100 {
		t.Fatalf("only %d payloads", len(payloads))
	}
	return d, site, payloads
}

// inert: nothing ran, and no word became an element, below a root of the page.
func (p person) inert(where, root string) {
	p.t.Helper()
	if got := p.do(`return String(window.pwned ?? "")`); got != "" {
		p.t.Errorf("%s: something ran: %q", where, got)
	}
	const odd = `[...(%s).querySelectorAll("script:not([src^='/page/'], [src$='/natter-room.js']), iframe, object, embed, base, img:not([src^='/']), svg:not(.icon), style, [style*=url], form[action], meta[http-equiv], [onload], [onerror], [onclick], [onmouseover], [onfocus]")]`
	if got := p.do(`return ` + fmt.Sprintf(odd, root) + `.map((e) => e.outerHTML).join("\n")`); got != "" {
		p.t.Errorf("%s: became elements: %s", where, got)
	}
	// What can be clicked leads to the web, and nowhere else.
	links := `[...(%s).querySelectorAll("a[href]")].filter((a) => !/^https?:$/.test(a.protocol) || a.rel !== "noopener noreferrer")`
	if got := p.do(`return ` + fmt.Sprintf(links, root) + `.map((a) => a.outerHTML).join("\n")`); got != "" {
		p.t.Errorf("%s: links: %s", where, got)
	}
}

// asksOnly: the page asked these and nobody else.
func (p person) asksOnly(bases ...string) {
	p.t.Helper()
	for _, url := range p.Requests() {
		known := strings.HasPrefix(url, "data:")
		for _, base := range bases {
			known = known || strings.HasPrefix(url, base) || strings.HasPrefix(url, "ws"+strings.TrimPrefix(base, "http"))
		}
		if !known {
			p.t.Errorf("the page asked for %s", url)
		}
	}
}

// TestHostileWords: whatever people write is shown as it was written, and runs
// nothing: in a room, in what a search finds, and in a room on another site.
func TestHostileWords(t *testing.T) {
	d, site, payloads := hostile(t)
	eve := named(t, d, 0, "eve", "Eve")
	room := eve.create("yard", M{"name": "Yard"}).Room
	for i, payload := range payloads {
		eve.send(room, fmt.Sprintf("needle %d %s", i, payload))
	}
	named(t, d, 0, "ana", "Ana").view("join", M{"room": room})
	chromium := startBrowser(t)
	ana := visit(t, chromium, d, gateway(d, 0), "ana", "Ana", "/#/"+room)
	ana.until("all are shown, once the reader is at the first", fmt.Sprintf(`(%s.scrollTop = 0, %s.length === %d)`, one("timeline"), all("message"), len(payloads)))
	shown := strings.Join(ana.texts(), "\n")
	for i, payload := range payloads {
		if !strings.Contains(shown, fmt.Sprintf("needle %d ", i)) {
			t.Errorf("not shown: %q", payload)
		}
	}
	ana.inert("the room", "document")
	ana.do(`for (const e of document.querySelectorAll("[data-test=message]")) { e.dispatchEvent(new MouseEvent("mouseover", { bubbles: true })); e.focus(); }`)
	ana.inert("touched", "document")
	ana.must(ana.Click("search"))
	ana.must(ana.Type("search-field", "needle"))
	ana.until("what was found", all("hit")+`.length >= 20`)
	ana.inert("the search", "document")
	for i, payload := range payloads { // looked for, too
		ana.do(fmt.Sprintf(`const field = %s; field.value = %q; field.dispatchEvent(new InputEvent("input", { bubbles: true }))`, one("search-field"), "needle "+payload))
		if i%10 == 9 || i == len(payloads)-1 {
			ana.until("an answer", fmt.Sprintf(`%s.length || document.querySelector(".details")?.textContent.length`, all("hit")))
			ana.inert("looking for "+payload, "document")
		}
	}
	for _, address := range []string{"/#/%3Cimg%20src=x%20onerror=pwned=1%3E", "/#/javascript:pwned=1", "/#/lobby/1%22onload=pwned=1", "/#/%", "/#/../../x", "/#/__proto__", "/#/constructor/1"} {
		ana.must(ana.Go(gateway(d, 0) + "/icon.svg"))
		ana.must(ana.Go(gateway(d, 0) + address))
		ana.until("the page", `document.querySelector(".app")`)
		ana.inert(address, "document")
	}
	ana.asksOnly(gateway(d, 0))
	ana.faultless()

	site.token = func() string { return tokenNamed(d, "ana", "Ana") }
	w, err := chromium.Open("Ana", site.URL+"/?room="+room)
	if err != nil {
		t.Fatal(err)
	}
	guest := person{Window: w, t: t}
	guest.until("all are shown in the element", fmt.Sprintf(`(() => { const log = %s; if (log) log.scrollTop = 0; return (%s)?.length === %d; })()`,
		inside(`[data-test="timeline"]`), `[...document.querySelector("natter-room")?.shadowRoot.querySelectorAll('[data-test="message"]') ?? []]`, len(payloads)))
	guest.inert("the element", `document.querySelector("natter-room").shadowRoot`)
	guest.inert("the site", "document")
	guest.asksOnly(site.URL, gateway(d, 0))
	select {
	case report := <-site.refused:
		t.Errorf("the site's policy refused: %s", report)
	default:
	}
	guest.faultless()
}

// TestHostileNames: whatever people call themselves, their rooms, and what those
// are about.
func TestHostileNames(t *testing.T) {
	d, site, payloads := hostile(t)
	owner := named(t, d, 0, "owner", "Owner")
	yard := owner.create("yard", M{"name": "Yard"}).Room
	ana := named(t, d, 0, "ana", "Ana")
	ana.view("join", M{"room": yard})
	for i, payload := range payloads {
		name := fmt.Sprintf("needle %d %s", i, payload)
		eve := named(t, d, 0, fmt.Sprint("eve-", i), plain(name, 128))
		eve.view("join", M{"room": yard})
		eve.send(yard, fmt.Sprint("I am ", i))
		eve.create(fmt.Sprint("room-", i), M{"name": plain(name, 128), "topic": plain(name, 250)})
		ana.view("join", M{"room": fmt.Sprint("room-", i)})
		eve.Close()
	}
	chromium := startBrowser(t)
	p := visit(t, chromium, d, gateway(d, 0), "ana", "Ana", "/#/"+yard)
	p.until("all names are shown, once the reader is at the first", fmt.Sprintf(`(%s.scrollTop = 0, %s.length === %d)`, one("timeline"), all("message"), len(payloads)))
	p.inert("the room", "document")
	p.until("all rooms are listed", fmt.Sprintf(`%s.length >= %d`, all("room"), len(payloads)+1))
	p.inert("the list of rooms", "document")
	p.until("people, who are shown where there is room", all("person")+`.length >= 50`)
	p.inert("the people", "document")
	p.must(p.Type("composer", "@need"))
	p.until("whom one may mean", one("mentions")+`.children.length > 0`)
	p.inert("mentions", "document")
	p.must(p.Press("\x1b"))
	p.do(one("composer") + `.value = ""`)
	p.do(`document.querySelector(".person-name").click()`)
	p.until("the card", one("direct"))
	p.inert("the card", "document")
	p.do(`document.querySelector("dialog[open]").close()`)
	p.do(`document.querySelector(".find").click()`)
	p.until("rooms", `document.querySelectorAll(".result").length >= 5`)
	p.inert("the finder", "document")
	p.do(`document.querySelector("dialog[open]").close()`)
	for i := range payloads {
		p.do(fmt.Sprintf(`location.hash = "#/room-%d"`, i))
		p.until("its header", fmt.Sprintf(`document.querySelector(".room-title .topic")?.textContent.startsWith("needle %d ")`, i))
		p.inert(fmt.Sprint("room ", i), "document")
	}
	p.asksOnly(gateway(d, 0))
	p.faultless()

	site.token = func() string { return tokenNamed(d, "ana", "Ana") }
	for i := range payloads {
		if i%20 != 0 && i != len(payloads)-1 {
			continue // the header there is the page's
		}
		w, err := chromium.Open("Ana", site.URL+"/?room=room-"+fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		guest := person{Window: w, t: t}
		guest.until("its header", fmt.Sprintf(`%s?.textContent.startsWith("needle %d ")`, inside(".room-title .topic"), i))
		guest.inert("the element", `document.querySelector("natter-room").shadowRoot`)
		guest.faultless()
		guest.must(w.Close())
	}
}

// plain is what a name may hold: so many bytes, and no control characters, which
// are refused.
func plain(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
