package e2e_test

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// fault is what may happen to a process.
type fault struct {
	name   string
	happen func(ctx context.Context, random *rand.Rand) error
}

// faultsOf are the faults of a deployment, in turn: each process is killed,
// and those that keep state are halted, too.
func faultsOf(d *shape.Deployment) []fault {
	if d.Shape == shape.Standalone().Name {
		natter := d.Process("natter")
		return []fault{killed(natter), killed(natter), killed(natter), halted(natter)}
	}
	history, nats := d.Process("history"), d.Process("nats")
	return []fault{
		killed(history), killed(d.Process("gateway-1")), killed(nats), halted(history),
		killed(d.Process("gateway-2")), killed(history), halted(nats), killed(d.Process("presence")), killed(nats),
		both(killed(history), killed(nats)),
	}
}

// killed ends it at once and starts it again after a moment.
func killed(p *process.Process) fault {
	return fault{"kill " + p.Name(), func(ctx context.Context, random *rand.Rand) error {
		if err := p.Kill(); err != nil {
			return err
		}
		wait(aMoment(random))
		return p.Start(ctx)
	}}
}

// halted stops it for longer than a lease, and lets it go on as if nothing
// had been.
func halted(p *process.Process) fault {
	return fault{"halt " + p.Name(), func(_ context.Context, random *rand.Rand) error {
		if err := p.Pause(); err != nil {
			return err
		}
		wait(time.Second + 8*aMoment(random))
		return p.Continue()
	}}
}

// both happen at once; the second is over first.
func both(first, second fault) fault {
	return fault{first.name + " and " + second.name, func(ctx context.Context, random *rand.Rand) error {
		done := make(chan error, 1)
		go func() { done <- first.happen(ctx, rand.New(rand.NewPCG(random.Uint64(), 0))) }()
		if err := second.happen(ctx, random); err != nil {
			<-done
			return err
		}
		return <-done
	}}
}

func aMoment(random *rand.Rand) time.Duration {
	return time.Duration(random.Int64N(int64(500 * time.Millisecond)))
}
