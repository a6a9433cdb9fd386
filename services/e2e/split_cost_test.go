//go:build unix

package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// splitServices are the services of the split shape, by the names that their
// processes begin with.
var splitServices = []string{"gateway", "history", "nats", "presence"}

// costs are what each service used, all of its replicas together.
type costs map[string]float64

// minus is what was used since before.
func (c costs) minus(before costs) costs {
	since := costs{}
	for service, used := range c {
		since[service] = used - before[service]
	}
	return since
}

func (c costs) all() (sum float64) {
	for _, used := range c {
		sum += used
	}
	return sum
}

// report tells what each service, and all together, used for one of count.
func (c costs) report(b *testing.B, count, scale float64, unit string) {
	for service, used := range c {
		b.ReportMetric(used/count*scale, service+"-"+unit)
	}
	b.ReportMetric(c.all()/count*scale, "all-"+unit)
}

// cpuOf is the CPU time that each service has used, in seconds.
func cpuOf(b *testing.B, d *shape.Deployment) costs {
	b.Helper()
	return sumOf(b, d, func(p *process.Process) (float64, error) {
		used, err := p.CPU()
		return used.Seconds(), err
	})
}

// residentOf is the memory that each service has, in bytes.
func residentOf(b *testing.B, d *shape.Deployment) costs {
	b.Helper()
	return sumOf(b, d, func(p *process.Process) (float64, error) {
		bytes, err := p.Resident()
		return float64(bytes), err
	})
}

func sumOf(b *testing.B, d *shape.Deployment, of func(*process.Process) (float64, error)) costs {
	b.Helper()
	sum := costs{}
	for _, service := range splitServices {
		for _, p := range d.Processes {
			if !strings.HasPrefix(p.Name(), service) {
				continue
			}
			used, err := of(p)
			if err != nil {
				b.Fatal(err)
			}
			sum[service] += used
		}
	}
	return sum
}

// settle waits until what went before is done with: until all services
// together use less than a tenth of a core, or 3 s at most, which only makes what
// is measured next dearer.
func settle(b *testing.B, d *shape.Deployment) {
	b.Helper()
	const step = 300 * time.Millisecond
	before := cpuOf(b, d).all()
	for range 10 {
		wait(step)
		now := cpuOf(b, d).all()
		if now-before < step.Seconds()/10 {
			return
		}
		before = now
	}
}
