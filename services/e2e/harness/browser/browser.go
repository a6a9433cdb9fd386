//go:build e2e

// Package browser drives a real Chromium, as people see it: what a test looks
// for are the page's data-test attributes.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// Browser is one Chromium with any number of windows that know nothing of
// each other.
type Browser struct{ ctx context.Context }

// Start starts a Chromium, with an empty profile, that ends with Close.
func Start() (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("headless", "new"), chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", "en-US"),
		chromedp.Flag("blink-settings", "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"), // a mouse, which a headless one lacks
	)
	ctx, _ := chromedp.NewExecAllocator(context.Background(), options...) // Close ends it
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return &Browser{ctx: ctx}, nil
}

// Close ends the browser, and returns when it has gone with its profile.
func (b *Browser) Close() error { return chromedp.Cancel(b.ctx) }

// find looks for Chromium where it usually is.
func find() (string, error) {
	if path := os.Getenv("NATTER_CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("the browser tests need Chromium, and there is none in PATH: install it (Debian, Ubuntu: apt-get install -y chromium; " +
		"macOS: brew install --cask chromium), or name its program in NATTER_CHROMIUM")
}
