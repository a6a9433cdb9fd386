//go:build e2e

package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/browser"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

const pictures = "artifacts/page"

// person is somebody at a window; what does not happen fails the test, with a
// picture of what there was instead.
type person struct {
	*browser.Window
	t *testing.T
	// id of the user, where the test chose it.
	id string
}

// startBrowser starts a Chromium that ends with the test.
func startBrowser(t testing.TB) *browser.Browser {
	t.Helper()
	chromium, err := browser.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chromium.Close(); err != nil {
			// Its helpers may still write while its profile is removed.
			t.Logf("end the browser: %v", err)
		}
	})
	return chromium
}

// visit opens the page at an address of a gateway, such as "/#/lobby", as a
// user with a token of the operator's: so no guests need be let in.
func visit(t *testing.T, b *browser.Browser, d *shape.Deployment, base, id, name, address string) person {
	t.Helper()
	w, err := b.Open(name, base+"/icon.svg")
	if err != nil {
		t.Fatal(err)
	}
	p := person{Window: w, t: t, id: id}
	jwt := tokenNamed(d, id, name)
	p.do(fmt.Sprintf(`localStorage.setItem("natter.guest", JSON.stringify({token: %q, user: {id: %q, name: %q}}))`, jwt, id, name))
	p.must(w.Go(base + address))
	p.online()
	return p
}

func tokenNamed(d *shape.Deployment, id, name string) string {
	return token.For(id, name).Sign(d.JWTSecret)
}

// do runs statements in the page.
func (p person) do(statements string) string {
	p.t.Helper()
	answer, err := p.Do(statements)
	p.must(err)
	return answer
}

// faultless: the browser refused nothing, and no script failed.
func (p person) faultless() {
	p.t.Helper()
	if faults := p.Faults(); len(faults) > 0 {
		p.t.Errorf("in %s's window: %s", p.Name, strings.Join(faults, "\n"))
	}
}

// on is an expression for the message with a text.
func on(text string) string {
	return fmt.Sprintf(`%s.find((m) => m.querySelector('[data-test="text"]').textContent === %q)`, all("message"), text)
}

// acts does something with the message of a text, by its toolbar.
func (p person) acts(text, action string) {
	p.t.Helper()
	p.until("the message "+text, on(text))
	p.do(on(text) + `.focus()`)
	p.must(p.Click("action-" + action))
}

func (p person) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v; the picture is %s/failed-%s.png (%v); the page says: %v; it is %s",
			p.Name, err, pictures, p.Name, p.Picture(pictures, "failed-"+unsafeInNames.ReplaceAllString(p.Name, "-")), p.Faults(), p.loading())
	}
}

// loading is how far the browser has come with the page.
func (p person) loading() string {
	state, err := p.Do(`const had = new Set(performance.getEntriesByType("resource").map((e) => e.name));
		const missing = [...document.querySelectorAll("link[href], script[src]")].map((e) => e.href || e.src).filter((url) => !had.has(url));
		return location.href + ", " + document.readyState + (missing.length ? ", without " + missing.join(" ") : "") + ", last had " + [...had].slice(-3).join(" ") + ", " + document.body?.childElementCount`)
	if err != nil {
		return err.Error()
	}
	return state
}

func (p person) until(what, expression string) {
	p.t.Helper()
	p.must(p.Until(what, expression))
}

// online waits until the page is connected, in a room.
func (p person) online() {
	p.t.Helper()
	p.until("online", one("connection")+`?.dataset.state === "online"`)
	p.until("the composer", one("composer"))
}

// enter comes in under a name.
func (p person) enter() {
	p.t.Helper()
	p.must(p.Type("name", p.Name))
	p.must(p.Click("enter"))
	p.online()
}

// says writes a message and sends it with the button.
func (p person) says(text string) {
	p.t.Helper()
	p.must(p.Type("composer", text))
	p.must(p.Click("send"))
}

// sees waits for a message with the text, in a state.
func (p person) sees(text, state string) {
	p.t.Helper()
	p.until(fmt.Sprintf("the message %q, %s", text, state), fmt.Sprintf(`%s.some((m) => m.dataset.state === %q && m.querySelector('[data-test="text"]').textContent === %q)`, all("message"), state, text))
}

// texts are the messages that are shown, in order.
func (p person) texts() []string {
	p.t.Helper()
	texts, err := p.Strings(all("message") + `.map((m) => m.querySelector('[data-test="text"]').textContent)`)
	p.must(err)
	return texts
}

// seqs are those messages' seqs.
func (p person) seqs() []string {
	p.t.Helper()
	seqs, err := p.Strings(all("message") + `.map((m) => m.dataset.seq ?? "")`)
	p.must(err)
	return seqs
}

func one(test string) string {
	return fmt.Sprintf("document.querySelector(%q)", browser.Selector(test))
}

func all(test string) string {
	return fmt.Sprintf("[...document.querySelectorAll(%q)]", browser.Selector(test))
}

// isMessage matches the event of a message with a text.
func isMessage(text string) func(client.Frame) bool {
	return func(f client.Frame) bool {
		return f.Event != nil && f.Event.Message != nil && f.Event.Message.Text == text
	}
}

// anyDeployment is the shared one of the first shape, for what no shape changes.
func anyDeployment(t *testing.T) *shape.Deployment {
	t.Helper()
	d := shared.deployment(t, shape.All()[0])
	keepLogs(t, d)
	return d
}

// sendAll sends "m0", "m1" ... all at once, and gives the last seq.
func (s *session) sendAll(room string, first, count int) uint32 {
	s.t.Helper()
	var ids []uint32
	for i := range count {
		id, err := s.Post("send", s.message(room, fmt.Sprint("m", first+i)))
		if err != nil {
			s.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	var last uint32
	for _, id := range ids {
		reply, err := s.Reply(s.t.Context(), id)
		if err != nil {
			s.t.Fatal(err)
		}
		if reply.Ack == nil {
			s.t.Fatalf("a message is answered with %s", reply)
		}
		last = max(last, reply.Ack.Seq)
	}
	return last
}
