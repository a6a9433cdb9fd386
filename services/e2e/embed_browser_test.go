//go:build e2e

package e2e_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/browser"
	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// host is somebody's own site, on another origin than natter's, with as strict
// a policy as there is. It lends its users tokens.
type host struct {
	*httptest.Server
	natter  string
	token   func() string
	refused chan string
}

func hostAt(t *testing.T, addr string) *host {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{refused: make(chan string, 100)}
	h.Server = httptest.NewUnstartedServer(h)
	_ = h.Listener.Close() // it has one of its own
	h.Listener = listener
	h.Start()
	t.Cleanup(h.Close)
	return h
}

// ServeHTTP serves the site: a page with the element, tokens, and a place where
// the browser reports what the policy refused.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		socket := "ws" + strings.TrimPrefix(h.natter, "http")
		w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src %s; connect-src 'self' %s %s; base-uri 'none'; "+
			"form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; report-uri /refused", h.natter, h.natter, socket))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Our shop</title><h1>Our shop</h1>
<natter-room room=%q token-url="/chat-token"></natter-room>
<script type="module" src="%s/natter-room.js"></script>`, r.URL.Query().Get("room"), h.natter)
	case "/chat-token":
		_, _ = io.WriteString(w, h.token()) // a browser that has gone needs none
	case "/refused":
		report, _ := io.ReadAll(r.Body)
		h.refused <- string(report)
	default:
		http.NotFound(w, r)
	}
}

// inside is an expression for what a selector finds in the element's shadow.
func inside(selector string) string {
	return fmt.Sprintf(`document.querySelector("natter-room")?.shadowRoot.querySelector(%q)`, selector)
}

// TestRoomOnAnotherSite: one script and one element put a room on a page of
// another origin, under a policy that allows natter and nothing else; a site
// that the operator did not list gets nothing.
func TestRoomOnAnotherSite(t *testing.T) {
	everyShape(t, func(t *testing.T, start func(env ...string) *shape.Deployment) {
		addr, err := process.FreeAddr()
		if err != nil {
			t.Fatal(err)
		}
		shop, stranger := hostAt(t, addr), hostAt(t, "127.0.0.1:0")
		d := start(append(withoutLimits(), "NATTER_ORIGINS=http://"+addr)...)
		for _, h := range []*host{shop, stranger} {
			h.natter = gateway(d, 0)
			h.token = func() string { return tokenNamed(d, "ana", "Ana") }
		}
		bo := enter(t, d, 1, "bo")
		room := bo.create("support", M{"name": "Support"}).Room
		bo.send(room, "How can I help?")

		chromium := startBrowser(t)
		w, err := chromium.Open("Ana", shop.URL+"/?room="+room)
		if err != nil {
			t.Fatal(err)
		}
		ana := person{Window: w, t: t}
		ana.until("what was said", inside(`[data-test="text"]`)+`?.textContent === "How can I help?"`)
		ana.until("a style of its own", fmt.Sprintf(`getComputedStyle(%s).whiteSpace === "pre-wrap"`, inside(`[data-test="text"]`)))
		ana.until("the way in", inside(`[data-test="join"]`))
		ana.do(inside(`[data-test="join"]`) + `.click()`)
		ana.until("the composer", inside("textarea"))
		ana.do(inside("textarea") + `.focus()`)
		ana.must(w.Press("My order <b>is</b> late\r"))
		bo.await("Ana's message", 0, isMessage("My order <b>is</b> late"))
		bo.send(room, "I look at it at once")
		ana.until("the answer", inside(`[role="log"]`)+`.textContent.includes("I look at it at once")`)
		ana.until("its colours are the host's to choose", `(() => { const room = document.querySelector("natter-room"); const sheet = new CSSStyleSheet();
			sheet.replaceSync("natter-room { --paper: rgb(1, 2, 3); }"); document.adoptedStyleSheets = [sheet];
			return getComputedStyle(room.shadowRoot.querySelector(".stage")).backgroundColor === "rgb(1, 2, 3)"; })()`)
		ana.must(ana.Picture(pictures, "embed-"+d.Shape))
		for _, url := range w.Requests() {
			if !strings.HasPrefix(url, shop.URL) && !strings.HasPrefix(url, shop.natter) && !strings.HasPrefix(url, "ws"+strings.TrimPrefix(shop.natter, "http")) {
				t.Errorf("the page asked for %s", url)
			}
		}
		select {
		case report := <-shop.refused:
			t.Errorf("the host's policy refused: %s", report)
		default:
		}
		ana.faultless()

		w, err = chromium.Open("stranger", stranger.URL+"/?room="+room)
		if err != nil {
			t.Fatal(err)
		}
		refused := person{Window: w, t: t}
		refused.until("nothing", `document.readyState === "complete" && !customElements.get("natter-room")`)
		for _, path := range []string{"/natter-room.js", "/natter.js", "/page/tokens.css", "/sdk/chat.js"} {
			refused.until("no "+path, fmt.Sprintf(`(fetch(%q).then(() => "had", () => "refused").then((v) => { window.__got = v; }), window.__got === "refused")`, stranger.natter+path))
			refused.do(`delete window.__got`)
		}
	})
}

// TestDemoOfTheElement: the page that shows the element to who looks for it.
func TestDemoOfTheElement(t *testing.T) {
	d := alone(t, shape.Standalone())
	chromium := startBrowser(t)
	w, err := chromium.Open("visitor", gateway(d, 0)+"/demo.html")
	if err != nil {
		t.Fatal(err)
	}
	p := person{Window: w, t: t}
	p.until("the field for a name", inside(`[data-test="name"]`))
	p.do(inside(`[data-test="name"]`) + `.focus()`)
	p.must(w.Press("Vera\r"))
	p.until("the room", inside(`[data-test="join"]`))
	second := `document.querySelectorAll("natter-room")[1].shadowRoot`
	p.until("the other room, without a header", second+`.querySelector('[role="log"]') && !`+second+`.querySelector(".room-head")?.offsetParent`)
	p.do(inside(`[data-test="join"]`) + `.click()`)
	p.until("the composer", inside("textarea"))
	p.do(inside("textarea") + `.focus()`)
	p.must(w.Press("Hello from the left\r"))
	p.until("it is in both", second+`.querySelector('[role="log"]').textContent.includes("Hello from the left")`)
	p.must(p.Resize(browser.Size(1440, 900)))
	p.must(p.Picture(pictures, "demo-1440x900"))
	if script, err := os.ReadFile(axe); err != nil {
		t.Error(err)
	} else {
		p.accessible(string(script), "demo")
	}
	p.faultless()
}

// everyShape runs a test in every shape, which starts its own deployment.
func everyShape(t *testing.T, test func(t *testing.T, start func(env ...string) *shape.Deployment)) {
	for _, s := range shape.All() {
		t.Run(s.Name, func(t *testing.T) {
			test(t, func(env ...string) *shape.Deployment { return alone(t, s, env...) })
		})
	}
}
