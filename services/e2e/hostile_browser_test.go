//go:build e2e

package e2e_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestHostileWords: whatever people call themselves and their rooms, and
// whatever they write, is shown as it was written, and runs nothing.
func TestHostileWords(t *testing.T) {
	d := anyDeployment(t)
	payloads := hostileWords()
	if len(payloads) < 100 {
		t.Fatalf("only %d payloads", len(payloads))
	}
	name := `<img src=x onerror="window.pwned=1">"'><script>pwned=1</script>`
	eve := named(t, d, 0, unique(t, "eve"), name)
	room := eve.create(unique(t, "room"), M{"name": `"><svg onload=pwned=1>`, "topic": `javascript:pwned=1 <iframe srcdoc="<script>parent.pwned=1</script>">`}).Room
	for i, payload := range payloads {
		eve.send(room, fmt.Sprintf("needle %d %s", i, payload))
		if i%10 == 0 { // as rooms that are listed, too
			eve.do("createRoom", M{"name": "needle " + cut(payload, 100), "topic": cut(payload, 200), "kind": "PUBLIC", "members": []string{}})
		}
	}
	reader := named(t, d, 0, unique(t, "ana"), `<b onmouseover=pwned=1>Ana`)
	reader.view("join", M{"room": room})
	ana := visit(t, startBrowser(t), d, gateway(d, 0), reader.user, `<b onmouseover=pwned=1>Ana`, "/#/"+room)
	ana.until("all are shown, once the reader is at the first", fmt.Sprintf(`(%s.scrollTop = 0, %s.length === %d)`, one("timeline"), all("message"), len(payloads)))
	texts := ana.texts()
	shown := strings.Join(texts, "\n")
	for i, payload := range payloads {
		if !strings.Contains(shown, fmt.Sprintf("needle %d ", i)) {
			t.Errorf("not shown: %q", payload)
		}
	}
	// What could be clicked leads to the web, and nowhere else.
	if links := ana.do(`return [...document.querySelectorAll("a[href]")].filter((a) => !/^https?:$/.test(a.protocol) || a.rel !== "noopener noreferrer").map((a) => a.outerHTML).join("\n")`); links != "" {
		t.Errorf("links: %s", links)
	}
	const odd = `return [...document.querySelectorAll("script:not([src^='/page/']), iframe, object, embed, base, img:not([src^='/']), svg:not(.icon), style, [style*=url], form[action], meta[http-equiv]")].map((e) => e.outerHTML).join("\n")`
	check := func(where string) {
		t.Helper()
		if got := ana.do(`return String(window.pwned ?? "")`); got != "" {
			t.Errorf("%s: something ran: %q", where, got)
		}
		if got := ana.do(odd); got != "" {
			t.Errorf("%s: became elements: %s", where, got)
		}
	}
	check("the room")
	ana.do(`for (const e of document.querySelectorAll("[data-test=message]")) { e.dispatchEvent(new MouseEvent("mouseover", { bubbles: true })); e.focus(); }`)
	check("touched")
	ana.must(ana.Click("search"))
	ana.must(ana.Type("search-field", "needle"))
	ana.until("what was found", all("hit")+`.length >= 20`)
	check("the search")
	ana.do(`document.querySelector(".person-name").click()`)
	ana.until("the card", one("direct"))
	check("the card")
	ana.do(`document.querySelector("dialog[open]").close()`)
	ana.do(`document.querySelector(".find").click()`)
	ana.until("rooms", `document.querySelectorAll(".result").length >= 5`)
	check("the finder")
	for _, address := range []string{"/#/%3Cimg%20src=x%20onerror=pwned=1%3E", "/#/javascript:pwned=1", "/#/lobby/1%22onload=pwned=1", "/#/%", "/#/../../x", "/#/__proto__", "/#/constructor/1"} {
		ana.must(ana.Go(gateway(d, 0) + "/icon.svg"))
		ana.must(ana.Go(gateway(d, 0) + address))
		ana.until("the page", `document.querySelector(".app")`)
		check(address)
	}
	for _, url := range ana.Requests() {
		if base := gateway(d, 0); !strings.HasPrefix(url, base) && !strings.HasPrefix(url, "ws"+strings.TrimPrefix(base, "http")) && !strings.HasPrefix(url, "data:") {
			t.Errorf("the page asked for %s", url)
		}
	}
	ana.faultless()
}

func cut(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "")
}
