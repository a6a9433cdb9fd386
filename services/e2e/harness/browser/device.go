//go:build e2e

package browser

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Size is a screen of so many CSS pixels, with a mouse.
func Size(width, height int64) step { return chromedp.EmulateViewport(width, height) }

// Scheme makes the system's theme "light" or "dark".
func (w *Window) Scheme(name string) error {
	return w.media("prefers-color-scheme", name)
}

// StillMotion asks the page for reduced motion.
func (w *Window) StillMotion() error { return w.media("prefers-reduced-motion", "reduce") }

func (w *Window) media(name, value string) error {
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: name, Value: value}},
	})
	return err
}

// Slow makes the processor so many times slower; 1 ends it.
func (w *Window) Slow(times float64) error {
	_, err := chromedp.Call(w.ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: times})
	return err
}

// Offline makes the browser believe that it has a network or none. It breaks
// nothing by itself.
func (w *Window) Offline(so bool) error {
	_, err := chromedp.Call(w.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: so, DownloadThroughput: -1, UploadThroughput: -1,
	})
	return err
}

// Zone puts the reader into a time zone, such as "Pacific/Auckland".
func (w *Window) Zone(name string) error {
	_, err := chromedp.Call(w.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: name})
	return err
}

// Ahead sets the clock of the pages that are loaded from now on ahead.
func (w *Window) Ahead(by time.Duration) error {
	const script = `{ const Real = Date, ahead = %d;
		globalThis.Date = class extends Real {
			constructor(...of) { of.length ? super(...of) : super(Real.now() + ahead); }
			static now() { return Real.now() + ahead; }
		}; }`
	_, err := chromedp.Call(w.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: fmt.Sprintf(script, by.Milliseconds())})
	return err
}

// Manifest is what the browser makes of the page's manifest; an error, if it
// finds fault with it.
func (w *Window) Manifest() (*page.WebAppManifest, error) {
	got, err := chromedp.Call(w.ctx, page.GetAppManifest, page.GetAppManifestParams{})
	if err != nil {
		return nil, err
	}
	for _, e := range got.Errors {
		err = errors.Join(err, fmt.Errorf("%s:%d: %s", got.URL, e.Line, e.Message))
	}
	return got.Manifest, err
}

// LongPress holds a finger on the middle of what a selector finds until `then`
// is true.
func (w *Window) LongPress(selector, then string) error {
	at, err := w.Do(fmt.Sprintf(`const b = document.querySelector(%q).getBoundingClientRect(); return (b.left + b.width / 2) + " " + (b.top + b.height / 2)`, selector))
	if err != nil {
		return err
	}
	var finger input.TouchPoint
	if _, err := fmt.Sscan(at, &finger.X, &finger.Y); err != nil {
		return err
	}
	for _, touch := range []input.DispatchTouchEventParams{{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{&finger}}, {Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}}} {
		if _, err := chromedp.Call(w.ctx, input.DispatchTouchEvent, touch); err != nil {
			return err
		}
		if err := w.Until("what a long press does", then); err != nil {
			return err
		}
	}
	return nil
}

// Press presses keys, as if by hand, where the focus is. The character goes with
// its key, so that a page that refuses the key gets no character either.
func (w *Window) Press(keys string, held ...chromedp.Modifier) error {
	ctx, cancel := context.WithTimeout(w.ctx, Patience)
	defer cancel()
	for _, r := range keys {
		var text string
		events := kb.Encode(r)
		for _, event := range events {
			if event.Type == kb.KeyChar {
				text = event.Text
			}
		}
		for _, event := range events {
			if event.Type == kb.KeyChar {
				continue
			}
			for _, modifier := range held {
				event.Modifiers |= int64(modifier)
			}
			if event.Type == kb.KeyDown && event.Modifiers&^int64(chromedp.ModifierShift) == 0 {
				event.Text = text
			}
			if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, *event); err != nil {
				return err
			}
		}
	}
	return nil
}

// Go loads an address.
func (w *Window) Go(url string) error { return w.run(chromedp.Navigate(url)) }

// Do runs statements in the page; what they return, or the promise of it, must
// be a string, and is handed on.
func (w *Window) Do(statements string) (string, error) {
	ctx, cancel := context.WithTimeout(w.ctx, Patience)
	defer cancel()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => { "+statements+"\n})().then((v) => String(v ?? ''))", chromedp.EvalAwaitPromise))
	if err != nil {
		return "", fmt.Errorf("%s: %w", w.Name, err)
	}
	return answer, nil
}

// Requests are the URLs that the page asked for since the window was opened.
func (w *Window) Requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.requests...)
}

// Close closes the window.
func (w *Window) Close() error {
	err := chromedp.Cancel(w.ctx)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
