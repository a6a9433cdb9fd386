// Command history keeps natter's rooms: it writes their logs, folds them into
// the store, and answers queries.
package main

import (
	"context"
	"net"
	"os"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/natter-chat/natter/services/history"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/ops"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/run"
)

type settings struct {
	config.GRPCListen
	config.OpsListen
	config.NATS
	config.Secrets
	config.TLS
	config.Log
	config.Trace
	History history.Config `embed:""`
}

func main() { os.Exit(run.Main(program)) }

func program(ctx context.Context, args []string) error {
	var cfg settings
	handled, err := config.Parse("history", "Keeps natter's rooms: writes their logs, folds them into the store, answers queries.", &cfg, args, os.Stdout, nil)
	if handled || err != nil {
		return err
	}
	log := cfg.Log.New(os.Stderr)
	reg := ops.NewRegistry()
	tracer, err := cfg.Trace.New(ctx, "natter-history", log, reg)
	if err != nil {
		return err
	}
	defer tracer.Close() // what it could not deliver is counted
	server, err := rpc.NewServer(rpc.ServerConfig{
		ServiceToken: cfg.ServiceToken, AdminToken: cfg.AdminToken, Tokens: cfg.Tokens, ClientCA: cfg.ClientCA, TLS: cfg.TLS, Log: log, Registerer: reg, Tracer: tracer,
	})
	if err != nil {
		return err
	}
	grpcListener, err := net.Listen("tcp", cfg.GRPCListen.Addr)
	if err != nil {
		return err
	}
	opsListener, err := net.Listen("tcp", cfg.OpsListen.Addr)
	if err != nil {
		return err
	}
	dial := func(ctx context.Context) (*nats.Conn, error) {
		return natsx.Connect(ctx, natsx.Options{URL: cfg.NATS.URL, CredsFile: cfg.Creds, TLS: cfg.NATS.TLS(), Service: natsx.History, Instance: natsx.Instance(), Log: log})
	}
	nc, err := dial(ctx)
	if err != nil {
		return err
	}
	defer nc.Close()
	service, err := history.New(cfg.History, nc, dial, log, reg, history.WithTracer(tracer))
	if err != nil {
		return err
	}
	service.Register(server)
	drain := &ops.Drain{}
	context.AfterFunc(ctx, func() {
		drain.Begin()
		server.SetServing(false)
	})
	return run.Sequence(ctx, log, 15*time.Second,
		run.Task{Name: "ops", Run: run.HTTP(opsListener, ops.Handler(reg, append(service.Checks(), drain.Check())...), log)},
		run.Task{Name: "history", Run: service.Run},
		run.Task{Name: "audit", Run: server.Audit(service.KeepAudit)},
		run.Task{Name: "grpc", Run: run.GRPC(grpcListener, server.Server)},
	)
}
