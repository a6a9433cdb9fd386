// Presence tells who is here: one replica of natter's presence service.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/ops"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/run"
	"github.com/natter-chat/natter/services/presence"
)

// grace bounds the orderly end of each part.
const grace = 10 * time.Second

type settings struct {
	config.NATS
	config.GRPCListen
	config.OpsListen
	config.Secrets
	config.TLS
	config.Log
	config.Trace
	presence.Config
}

func main() { os.Exit(run.Main(program)) }

func program(ctx context.Context, args []string) error {
	var set settings
	handled, err := config.Parse("presence", "Tells who is here: one replica of natter's presence service.", &set, args, os.Stdout, nil)
	if handled || err != nil {
		return err
	}
	log, reg := set.Log.New(os.Stderr), ops.NewRegistry()
	tracer, err := set.Trace.New(ctx, "natter-presence", log, reg)
	if err != nil {
		return err
	}
	defer tracer.Close() // what it could not deliver is counted
	server, err := rpc.NewServer(rpc.ServerConfig{
		ServiceToken: set.ServiceToken, AdminToken: set.AdminToken, Tokens: set.Tokens, ClientCA: set.ClientCA, TLS: set.TLS, Log: log, Registerer: reg, Tracer: tracer,
	})
	if err != nil {
		return err
	}
	calls, err := net.Listen("tcp", set.GRPCListen.Addr)
	if err != nil {
		return fmt.Errorf("NATTER_GRPC_ADDR: %w", err)
	}
	defer calls.Close()
	operators, err := net.Listen("tcp", set.OpsListen.Addr)
	if err != nil {
		return fmt.Errorf("NATTER_OPS_ADDR: %w", err)
	}
	defer operators.Close()
	log.Info("presence is listening", "grpc", calls.Addr().String(), "ops", operators.Addr().String())
	r := &replica{set: set, log: log, reg: reg, server: server, calls: calls}
	return run.Sequence(ctx, log, 2*grace,
		run.Task{Name: "ops", Run: run.HTTP(operators, ops.Handler(reg, r.check()), log)},
		run.Task{Name: "presence", Run: r.run},
	)
}
