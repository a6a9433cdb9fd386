// Command gateway serves natter's clients: WebSockets, the page, and the SDK.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/natter-chat/natter/services/gateway"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/ops"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/run"
)

const about = `Serves natter's clients: WebSockets at /v1/ws, the page at /, the SDK at /natter.js.

It needs NATS, and a history and a presence service on the same NATS. Run as many
gateways as you like; clients may connect to any. Each setting is a flag or an
environment variable; a secret may also come from the file that the variable with
_FILE added names.`

// grace is what each part gets to stop, beyond the drain.
const grace = 10 * time.Second

type settings struct {
	HTTP    config.HTTPListen `embed:"" group:"Where to listen"`
	HTTPTLS config.HTTPTLS    `embed:"" group:"Where to listen"`
	GRPC    config.GRPCListen `embed:"" group:"Where to listen"`
	Ops     config.OpsListen  `embed:"" group:"Where to listen"`

	NATS        config.NATS    `embed:"" group:"Other services"`
	HistoryURL  string         `name:"history-url" env:"NATTER_HISTORY_URL" default:"dns:///history:9090" placeholder:"TARGET" group:"Other services" help:"gRPC target of the history service."`
	PresenceURL string         `name:"presence-url" env:"NATTER_PRESENCE_URL" default:"dns:///presence:9090" placeholder:"TARGET" group:"Other services" help:"gRPC target of the presence service."`
	Secrets     config.Secrets `embed:"" group:"Other services"`
	TLS         config.TLS     `embed:"" group:"Other services"`

	Gateway gateway.Config `embed:""`
	Log     config.Log     `embed:"" group:"Logs"`
	Trace   config.Trace   `embed:"" group:"Logs"`
}

func main() { os.Exit(run.Main(program)) }

func program(ctx context.Context, args []string) error {
	var s settings
	handled, err := config.Parse("gateway", about, &s, args, os.Stdout, gateway.Vars())
	if handled || err != nil {
		return err
	}
	if err := s.Gateway.CheckSecrets(); err != nil {
		return err
	}
	f := &front{settings: s, log: s.Log.New(os.Stderr), registry: ops.NewRegistry()}
	if f.tracer, err = s.Trace.New(ctx, "natter-gateway", f.log, f.registry); err != nil {
		return err
	}
	defer f.close()
	if err := f.prepare(); err != nil {
		return err
	}
	f.log.Info("listening", "component", "gateway", "http", f.http.Addr(), "grpc", f.grpc.Addr(), "ops", f.ops.Addr())
	return run.Sequence(ctx, f.log, s.Gateway.Drain+2*grace,
		run.Task{Name: "ops", Run: run.HTTP(f.ops, ops.Handler(f.registry, f.check()), f.log)},
		run.Task{Name: "gateway", Run: f.run},
	)
}

// prepare does what needs nobody else, so that a bad setting is told at once.
func (f *front) prepare() (err error) {
	s := f.settings
	f.server, err = rpc.NewServer(rpc.ServerConfig{
		ServiceToken: s.Secrets.ServiceToken, AdminToken: s.Secrets.AdminToken, Tokens: s.Secrets.Tokens, ClientCA: s.Secrets.ClientCA,
		TLS: s.TLS, Log: f.log, Registerer: f.registry, Tracer: f.tracer,
	})
	if err != nil {
		return err
	}
	if f.history, err = rpc.Dial(s.HistoryURL, s.Secrets.ServiceToken, s.TLS); err != nil {
		return fmt.Errorf("NATTER_HISTORY_URL: %w", err)
	}
	if f.presence, err = rpc.Dial(s.PresenceURL, s.Secrets.ServiceToken, s.TLS); err != nil {
		return fmt.Errorf("NATTER_PRESENCE_URL: %w", err)
	}
	for _, l := range []struct {
		setting, addr string
		listener      *net.Listener
	}{
		{"NATTER_OPS_ADDR", s.Ops.Addr, &f.ops}, {"NATTER_HTTP_ADDR", s.HTTP.Addr, &f.http}, {"NATTER_GRPC_ADDR", s.GRPC.Addr, &f.grpc},
	} {
		if *l.listener, err = net.Listen("tcp", l.addr); err != nil {
			return fmt.Errorf("%s: %w", l.setting, err)
		}
	}
	f.http, err = s.HTTPTLS.Listener(f.http, f.log)
	return err
}
