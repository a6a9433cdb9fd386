package chaos

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/natter-chat/natter/services/e2e/chaos/checker"
	"github.com/natter-chat/natter/services/e2e/chaos/history"
	"github.com/natter-chat/natter/services/e2e/chaos/nemesis"
	"github.com/natter-chat/natter/services/e2e/chaos/workload"
	"github.com/natter-chat/natter/services/e2e/harness/clock"
	"github.com/natter-chat/natter/services/e2e/harness/proxy"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/e2e/harness/volume"
)

// recovery bounds how long natter may stay away after any fault, on the slowest
// machine: a command lives 15 s, and an election of NATS takes up to 9 s.
const recovery = 90 * time.Second

// run is a run under way.
type run struct {
	Config
	deployment *shape.Deployment
	networks   []*proxy.Proxy
	volumes    map[string]*volume.Volume // by the process whose data they hold
	clocks     map[string]*clock.Clock
	recorder   *history.Recorder
	crowd      *workload.Crowd
	plan       *nemesis.Plan
	summary    *Summary
}

// Run starts natter, breaks it, and tells what was found. An error says that
// there was no run; that natter broke its promises is in the summary.
func Run(ctx context.Context, cfg Config) (*Summary, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	r := &run{Config: cfg, summary: &Summary{Shape: cfg.Shape, Seed: cfg.Seed, Faults: map[string]int{}, File: filepath.Join(cfg.Dir, "history.jsonl")}}
	if err := r.start(ctx); err != nil {
		return nil, errors.Join(err, r.end())
	}
	began := time.Now()
	if err := r.happen(ctx); err != nil {
		r.recorder.Broke(err.Error())
	}
	r.summary.Took = time.Since(began)
	r.summary.Acked, r.summary.Resumed = r.crowd.Acked(), r.crowd.Resumed()
	if err := r.deployment.Alarm(); err != nil {
		r.recorder.Broke(err.Error())
	}
	entries := r.recorder.Entries()
	err := errors.Join(r.deployment.KeepLogs(filepath.Join(cfg.Dir, "logs")), r.end())
	if err != nil {
		return nil, err
	}
	r.summary.Entries = len(entries)
	r.summary.Violations, err = checker.Check(entries)
	return r.summary, err
}

func (r *run) start(ctx context.Context) error {
	var err error
	if r.Clocks {
		overlay, err := clock.Overlay(r.Dir)
		if err != nil {
			return err
		}
		r.Programs = r.Programs.Overlaid(filepath.Join(r.Dir, "clocked"), overlay)
	}
	if r.deployment, err = r.shape().Prepare(shape.Config{Dir: r.Dir, Programs: r.Programs, Env: r.settings(), Proxied: r.Shape == "split"}); err != nil {
		return err
	}
	if r.SmallDisks {
		if err := r.mount(); err != nil {
			return err
		}
	}
	if r.Clocks {
		if err := r.set(); err != nil {
			return err
		}
	}
	if err := r.deployment.Start(ctx); err != nil {
		return err
	}
	var gateways []string
	for _, gateway := range r.deployment.Gateways {
		p, err := proxy.Start(strings.TrimPrefix(gateway, "http://"))
		if err != nil {
			return err
		}
		r.networks = append(r.networks, p)
		gateways = append(gateways, "http://"+p.Addr())
	}
	target := nemesis.Target{Deployment: r.deployment, Clients: r.networks, Volumes: r.volumes, Clocks: r.clocks, Database: r.Database}
	if r.deployment.NATS != "" {
		target.Servers = &nemesis.Servers{URL: r.deployment.NATS, Seed: r.deployment.NATSOperator, Partitions: partitions, Clustered: r.Shape == "clustered"}
	}
	if r.plan, err = nemesis.New(target).Only(r.Kinds); err != nil {
		return err
	}
	if r.recorder, err = history.Record(r.summary.File, r.Shape, fmt.Sprintf("seed %d", r.Seed)); err != nil {
		return err
	}
	r.crowd, err = workload.Gather(ctx, workload.Config{
		Seed: r.Seed, Users: r.Users, Pace: r.Pace, Gateways: gateways, Recorder: r.recorder,
		Token: func(user string) string {
			at := time.Now() // a day either way: also for clocks that jump
			return token.For(user, user).With("iat", at.Add(-24*time.Hour).Unix()).With("exp", at.Add(24*time.Hour).Unix()).Sign(r.deployment.JWTSecret)
		},
	})
	return err
}

// mount has a disk for each process that keeps data.
func (r *run) mount() error {
	r.volumes = map[string]*volume.Volume{}
	for _, p := range r.deployment.Processes {
		switch name := p.Name(); {
		case name == "natter", strings.HasPrefix(name, "nats"), name == "history":
			v, err := volume.Mount(filepath.Join(r.deployment.Dir(name), "data"), diskSize)
			if err != nil {
				return err
			}
			r.volumes[name] = v
		}
	}
	return nil
}

// set has a clock for each process that is natter's; the NATS servers beside it
// have the machine's.
func (r *run) set() error {
	r.clocks = map[string]*clock.Clock{}
	for _, p := range r.deployment.Processes {
		if strings.HasPrefix(p.Name(), "nats") {
			continue
		}
		c, err := clock.New(filepath.Join(r.deployment.Dir(p.Name()), "clock"))
		if err != nil {
			return err
		}
		r.clocks[p.Name()] = c
	}
	return nil
}

// end ends all that runs.
func (r *run) end() error {
	var errs []error
	if r.recorder != nil { // before all go: that is no part of it
		errs = append(errs, r.recorder.Close())
	}
	if r.crowd != nil {
		r.crowd.Close()
	}
	for _, p := range r.networks {
		errs = append(errs, p.Close())
	}
	if r.deployment != nil {
		errs = append(errs, r.deployment.Kill())
	}
	for _, v := range r.volumes {
		errs = append(errs, v.Close())
	}
	return errors.Join(errs...)
}
