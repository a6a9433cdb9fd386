//go:build e2e

package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Patience bounds each wait for the page.
const Patience = 40 * time.Second

// Window is one tab with a storage of its own, as of another person.
type Window struct {
	// Name for messages and pictures.
	Name string
	ctx  context.Context

	mu       sync.Mutex
	faults   []string // exceptions, and what the browser refused
	requests []string // URLs
}

// Open opens a window at a URL.
func (b *Browser) Open(name, url string) (*Window, error) {
	w := &Window{Name: name}
	w.ctx, _ = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(w.hear)) // its cancel is b.ctx's
	if err := chromedp.Do(w.ctx); err != nil {                                                             // with a deadline the window would end with it
		return nil, fmt.Errorf("open %s's window: %w", name, err)
	}
	_, err := chromedp.Call(w.ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if err != nil {
		return nil, err
	}
	return w, w.run(Desk(), chromedp.Navigate(url))
}

// hear keeps what a developer would see in red, but for lost connections.
func (w *Window) hear(event any) {
	said := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		w.asked(e.Request.URL)
	case *network.EventWebSocketCreated:
		w.asked(e.URL)
	case *runtime.EventExceptionThrown:
		said = e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			said += " " + e.ExceptionDetails.Exception.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			said = fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text)
		}
	}
	if said == "" || strings.Contains(said, "WebSocket connection to") {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, said)
}

func (w *Window) asked(url string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, url)
}

// Faults are exceptions of the page's scripts, and what the browser refused to
// load or run.
func (w *Window) Faults() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.faults...)
}

// step is something done to a page.
type step = chromedp.Action[chromedp.Void]

func (w *Window) run(steps ...step) error {
	ctx, cancel := context.WithTimeout(w.ctx, Patience)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// Desk and Phone are the sizes that the page is looked at in.
func Desk() step { return chromedp.EmulateViewport(1440, 900) }

// Phone is a small screen that is touched.
func Phone() step {
	return chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch)
}

// Resize makes the window as large as [Desk] or [Phone].
func (w *Window) Resize(size step) error { return w.run(size) }

// Reload loads the page anew.
func (w *Window) Reload() error { return w.run(chromedp.Reload()) }

// Until waits until a JavaScript expression is true.
func (w *Window) Until(what, expression string) error {
	ctx, cancel := context.WithTimeout(w.ctx, Patience)
	defer cancel()
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	var err error
	for {
		var so bool
		// A page that is being loaded has no answer yet.
		if so, err = chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")")); err == nil && so {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %s: %s (%s; last error %v)", w.Name, Patience, what, expression, err)
		}
	}
}

// Strings is the list of strings that an expression comes to.
func (w *Window) Strings(expression string) ([]string, error) {
	ctx, cancel := context.WithTimeout(w.ctx, Patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[[]string](expression))
}

// Click clicks the element with a data-test attribute, once it is there.
func (w *Window) Click(test string) error {
	return w.run(chromedp.Click(chromedp.CSS(Selector(test)), chromedp.NodeVisible))
}

// Type types into the element with a data-test attribute, key by key.
func (w *Window) Type(test, text string) error {
	return w.run(chromedp.SendKeys(chromedp.CSS(Selector(test)), text, chromedp.NodeVisible))
}

// Selector of an element with a data-test attribute.
func Selector(test string) string { return `[data-test="` + test + `"]` }

// Picture writes a screenshot to dir.
func (w *Window) Picture(dir, name string) error {
	ctx, cancel := context.WithTimeout(w.ctx, Patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
}
