package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/natter-chat/natter/services/gateway"
	"github.com/natter-chat/natter/services/internal/audit"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/ops"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/run"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// front is the gateway with what it needs from others, which may take a while
// to be there; operators can ask meanwhile.
type front struct {
	settings settings
	log      *slog.Logger
	registry *prometheus.Registry
	tracer   *tracing.Tracer

	server            *rpc.Server
	history, presence *grpc.ClientConn
	ops, http, grpc   net.Listener

	gateway atomic.Pointer[gateway.Gateway]
}

func (f *front) run(ctx context.Context) error {
	nc, err := natsx.Connect(ctx, natsx.Options{
		URL: f.settings.NATS.URL, CredsFile: f.settings.NATS.Creds, TLS: f.settings.NATS.TLS(), Service: natsx.Gateway, Instance: natsx.Instance(), Log: f.log,
	})
	if err != nil {
		return err
	}
	defer nc.Close()
	g, err := gateway.New(f.settings.Gateway, nc, f.history, f.presence, f.log, f.registry, gateway.WithTracer(f.tracer))
	if err != nil {
		return err
	}
	g.Register(f.server)
	f.gateway.Store(g)
	return run.Sequence(ctx, f.log, f.settings.Gateway.Drain+grace,
		run.Task{Name: "audit", Run: f.server.Audit(audit.Over(nc, natsx.Gateway))},
		run.Task{Name: "http", Run: run.HTTP(g.Porch(f.http, g.Handler()), g.Handler(), f.log)},
		run.Task{Name: "grpc", Run: run.GRPC(f.grpc, f.server.Server)},
		run.Task{Name: "sessions", Run: g.Run}, // stops first: its drain needs the others
	)
}

// check is the gateway's own checks, once it is there.
func (f *front) check() ops.Check {
	return ops.Check{Name: "gateway", Ready: func() error {
		g := f.gateway.Load()
		if g == nil {
			return errors.New("no connection to NATS yet; it is tried for ever")
		}
		var errs []error
		for _, check := range g.Checks() {
			errs = append(errs, check.Ready())
		}
		return errors.Join(errs...)
	}}
}

func (f *front) close() {
	_ = f.tracer.Close() // what it could not deliver is counted
	for _, conn := range []*grpc.ClientConn{f.history, f.presence} {
		if conn != nil {
			_ = conn.Close()
		}
	}
	for _, l := range []net.Listener{f.ops, f.http, f.grpc} {
		if l != nil {
			_ = l.Close() // those that were served are closed already
		}
	}
}
