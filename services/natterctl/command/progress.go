package command

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// plainEvery is how often a line is printed where no bar can be drawn.
const plainEvery = 10 * time.Second

// Progress shows how far a long work is: as a bar on a terminal, as a line now
// and then elsewhere. Not safe for concurrent use.
type Progress struct {
	bar        *progressbar.ProgressBar
	out        io.Writer
	size       int64
	done       int64
	verb, unit string
	since      time.Time
}

// NewProgress begins it. size is in units, such as "bytes"; below 0: nobody knows.
func NewProgress(out io.Writer, size int64, verb, unit string) *Progress {
	p := &Progress{out: out, size: size, verb: verb, unit: unit, since: time.Now()}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions64(size, progressbar.OptionSetWriter(out), progressbar.OptionShowBytes(unit == "bytes"), progressbar.OptionSetDescription(verb),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return p
}

// Write counts bytes.
func (p *Progress) Write(b []byte) (int, error) {
	p.Add(int64(len(b)))
	return len(b), nil
}

// Add counts units.
func (p *Progress) Add(n int64) {
	p.done += n
	switch {
	case p.bar != nil:
		_ = p.bar.Add64(n)
	case time.Since(p.since) >= plainEvery && p.size >= 0:
		p.since = time.Now()
		fmt.Fprintf(p.out, "%s %d of %d %s\n", p.verb, p.done, p.size, p.unit)
	case time.Since(p.since) >= plainEvery:
		p.since = time.Now()
		fmt.Fprintf(p.out, "%s %d %s\n", p.verb, p.done, p.unit)
	}
}

// Finish takes the bar away.
func (p *Progress) Finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
