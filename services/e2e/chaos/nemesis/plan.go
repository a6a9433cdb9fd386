package nemesis

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/natter-chat/natter/services/e2e/harness/clock"
	"github.com/natter-chat/natter/services/e2e/harness/proxy"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/volume"
)

// Plan says what may happen, and in which proportion: each kind of fault as
// often as another, whatever the number of things that it may happen to.
type Plan struct{ kinds [][]Fault }

// Target is what is to be broken.
type Target struct {
	Deployment *shape.Deployment
	// Clients are the networks between the clients and the gateways.
	Clients []*proxy.Proxy
	// Volumes are small disks that hold the data of processes, by their names.
	Volumes map[string]*volume.Volume
	// Clocks of processes, by their names, which can be set.
	Clocks map[string]*clock.Clock
	// Database and Servers, where the deployment has them; else nil.
	Database Database
	Servers  *Servers
}

// New makes the plan for a deployment.
func New(t Target) *Plan {
	p := &Plan{}
	var kill, halt, drain, strike []Fault
	for _, process := range t.Deployment.Processes {
		kill, halt = append(kill, killed(process)), append(halt, halted(process))
		if strings.HasPrefix(process.Name(), "nats") {
			continue
		}
		drain = append(drain, drained(process))
		if strings.HasPrefix(process.Name(), "history") || process.Name() == "natter" {
			strike = append(strike, struck(process))
		}
	}
	p.kinds = [][]Fault{kill, kill, halt, drain, strike}
	if len(kill) > 1 {
		p.kinds = append(p.kinds, pairs(kill))
	}
	var clients, inside []Fault
	for _, network := range t.Clients {
		clients = append(clients, links("the clients' network", network)...)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Deployment.Networks)) {
		inside = append(inside, links(name+"'s network", t.Deployment.Networks[name])...)
	}
	p.kinds = append(p.kinds, clients)
	if len(inside) > 0 {
		p.kinds = append(p.kinds, inside)
	}
	if t.Database != nil {
		p.kinds = append(p.kinds, database(t.Database))
	}
	var full []Fault
	for _, name := range slices.Sorted(maps.Keys(t.Volumes)) {
		full = append(full, filledDisk(t.Deployment.Process(name), t.Volumes[name]))
	}
	if len(full) > 0 {
		p.kinds = append(p.kinds, full)
	}
	var clocks []Fault
	for _, name := range slices.Sorted(maps.Keys(t.Clocks)) {
		clocks = append(clocks, jumped(name, t.Clocks[name]))
	}
	if len(clocks) > 0 {
		p.kinds = append(p.kinds, clocks)
	}
	if t.Servers != nil {
		p.kinds = append(p.kinds, []Fault{filledLog(*t.Servers)})
		if t.Servers.Clustered {
			p.kinds = append(p.kinds, []Fault{stepDown(*t.Servers)})
		}
	}
	return p
}

// pairs are two of the faults at once.
func pairs(of []Fault) []Fault {
	var all []Fault
	for i, first := range of {
		for _, second := range of[i+1:] {
			all = append(all, both(first, second))
		}
	}
	return all
}

// Next is what happens next.
func (p *Plan) Next(dice *rand.Rand) Fault {
	kind := p.kinds[dice.IntN(len(p.kinds))]
	return kind[dice.IntN(len(kind))]
}

// Only is a plan of the faults whose names begin with one of those given; all,
// if none is.
func (p *Plan) Only(names []string) (*Plan, error) {
	if len(names) == 0 {
		return p, nil
	}
	only := &Plan{}
	for _, kind := range p.kinds {
		fit := slices.DeleteFunc(slices.Clone(kind), func(f Fault) bool {
			return !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(f.Name, name) })
		})
		if len(fit) > 0 {
			only.kinds = append(only.kinds, fit)
		}
	}
	if len(only.kinds) == 0 {
		return nil, fmt.Errorf("no fault of this deployment begins with any of %q", names)
	}
	return only, nil
}
