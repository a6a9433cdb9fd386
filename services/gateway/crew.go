package gateway

import (
	"context"
	"runtime"
)

// crew does what takes time in goroutines that wait for more when they are
// done: the stack that an answer of history's grows would be grown anew by a
// fresh one. Nothing waits for a place in it. Safe for concurrent use.
type crew struct {
	work chan func(ctx context.Context)
	idle chan struct{} // a place for each that waits
}

func newCrew() *crew {
	return &crew{work: make(chan func(ctx context.Context)), idle: make(chan struct{}, 4*runtime.GOMAXPROCS(0))}
}

// do is [Gateway.background] of the gateway, by one of the crew. It tells
// whether the work is begun.
func (c *crew) do(g *Gateway, work func(ctx context.Context)) (begun bool) {
	select {
	case c.work <- work:
		return true
	default:
		return g.background(func(ctx context.Context) { c.run(ctx, work) })
	}
}

func (c *crew) run(ctx context.Context, work func(ctx context.Context)) {
	for {
		work(ctx)
		select {
		case c.idle <- struct{}{}:
		default: // enough wait
			return
		}
		select {
		case work = <-c.work:
			<-c.idle
		case <-ctx.Done():
			return
		}
	}
}
