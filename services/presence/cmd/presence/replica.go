package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/natter-chat/natter/services/internal/audit"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/ops"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/run"
	"github.com/natter-chat/natter/services/presence"
)

// replica is the service with its connection to NATS, which may take a while
// to be there; operators can ask meanwhile.
type replica struct {
	set     settings
	log     *slog.Logger
	reg     prometheus.Registerer
	server  *rpc.Server
	calls   net.Listener
	service atomic.Pointer[presence.Service]
}

func (r *replica) run(ctx context.Context) error {
	nc, err := natsx.Connect(ctx, natsx.Options{
		URL: r.set.NATS.URL, CredsFile: r.set.NATS.Creds, TLS: r.set.NATS.TLS(), Service: natsx.Presence, Instance: natsx.Instance(), Log: r.log,
	})
	if err != nil {
		return err
	}
	defer nc.Close()
	service, err := presence.New(r.set.Config, nc, r.log, r.reg)
	if err != nil {
		return err
	}
	service.Register(r.server)
	r.service.Store(service)
	return run.Sequence(ctx, r.log, grace,
		run.Task{Name: "audit", Run: r.server.Audit(audit.Over(nc, natsx.Presence))},
		run.Task{Name: "service", Run: service.Run},
		run.Task{Name: "grpc", Run: run.GRPC(r.calls, r.server.Server)},
	)
}

// check is the service's own checks, once it is there.
func (r *replica) check() ops.Check {
	return ops.Check{Name: "presence", Ready: func() error {
		service := r.service.Load()
		if service == nil {
			return errors.New("no connection to NATS yet; it is tried for ever")
		}
		var errs []error
		for _, check := range service.Checks() {
			errs = append(errs, check.Ready())
		}
		return errors.Join(errs...)
	}}
}
