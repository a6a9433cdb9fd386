// Package logtest gives tests a log that they read while it is written.
package logtest

import (
	"bytes"
	"strings"
	"sync"
)

// Page takes the lines of a log. Its methods may be called at once.
type Page struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *Page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// Text is all that was written.
func (p *Page) Text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// Has tells whether a text was written.
func (p *Page) Has(text string) bool { return strings.Contains(p.Text(), text) }

// Line is the first that has a text; empty: there is none yet.
func (p *Page) Line(with string) string {
	for line := range strings.Lines(p.Text()) {
		if strings.Contains(line, with) {
			return line
		}
	}
	return ""
}

// Take is all that was written since it was taken last.
func (p *Page) Take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.text.Reset()
	return p.text.String()
}
