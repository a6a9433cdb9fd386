package nemesis

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/proxy"
)

// links are the faults of a network, of whatever name.
func links(name string, p *proxy.Proxy) []Fault {
	heal := func() error { p.Heal(); return nil }
	return []Fault{
		during("cut "+name, 100*time.Millisecond, 3*time.Second, func() error { p.Cut(); return nil }, heal),
		during("hold "+name, 300*time.Millisecond, 6*time.Second, func() error { p.Hold(); return nil }, heal),
		{"slow " + name, func(ctx context.Context, dice *rand.Rand) error {
			p.Delay(moment(dice, 5*time.Millisecond, 100*time.Millisecond))
			defer p.Delay(0)
			pass(ctx, moment(dice, time.Second, 3*time.Second))
			return nil
		}},
	}
}
