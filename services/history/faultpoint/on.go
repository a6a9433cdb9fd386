//go:build faultpoints

package faultpoint

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// plan is read once, at the first point that the program comes by.
var plan = sync.OnceValue(func() *countdown {
	name, count, _ := strings.Cut(os.Getenv("NATTER_FAULTPOINT"), ":")
	n, err := strconv.Atoi(count)
	if err != nil {
		n = 1
	}
	return &countdown{name: name, left: n}
})

type countdown struct {
	mu   sync.Mutex
	name string
	left int
}

// Hit kills the program if this is the point and the time.
func Hit(name string) {
	p := plan()
	if name != p.name {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left--; p.left == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way; nothing may happen meanwhile
	}
}
