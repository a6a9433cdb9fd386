//go:build e2e

package stack_test

import (
	"fmt"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/browser"
)

// testBrowser is what a newcomer does with the stack: two windows chat.
func testBrowser(t *testing.T) {
	chromium, err := browser.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chromium.Close(); err != nil {
			t.Logf("end the browser: %v", err) // its helpers may still write while its profile is removed
		}
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var windows []*browser.Window
	for _, name := range []string{"Ana", "Bo"} {
		w, err := chromium.Open(name, plain.Web()+"/")
		must(err)
		must(w.Type("name", name))
		must(w.Click("enter"))
		must(w.Until("the composer", fmt.Sprintf("document.querySelector(%q)", browser.Selector("composer"))))
		windows = append(windows, w)
	}
	for i, w := range windows {
		text := fmt.Sprint("Said by ", w.Name)
		must(w.Type("composer", text))
		must(w.Click("send"))
		shown := fmt.Sprintf(`[...document.querySelectorAll(%q)].some((m) => m.dataset.state === "acked" && m.textContent.includes(%q))`, browser.Selector("message"), text)
		must(w.Until("its own message, acked", shown))
		must(windows[1-i].Until("the other's message", shown))
	}
	for _, w := range windows {
		if faults := w.Faults(); len(faults) > 0 {
			t.Errorf("in %s's window: %v", w.Name, faults)
		}
	}
}
