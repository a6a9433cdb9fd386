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
	"github.com/natter-chat/natter/services/internal/natsx"
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
	HTTP config.HTTPListen `embed:"" group:"Where to listen"`
	GRPC config.GRPCListen `embed:"" group:"Where to listen"`
	Ops  config.OpsListen  `embed:"" group:"Where to listen"`

	NATS        config.NATS    `embed:"" group:"Other services"`
	HistoryURL  string         `name:"history-url" env:"NATTER_HISTORY_URL" default:"dns:///history:9090" placeholder:"TARGET" group:"Other services" help:"gRPC target of the history service."`
	PresenceURL string         `name:"presence-url" env:"NATTER_PRESENCE_URL" default:"dns:///presence:9090" placeholder:"TARGET" group:"Other services" help:"gRPC target of the presence service."`
	Secrets     config.Secrets `embed:"" group:"Other services"`
	TLS         config.TLS     `embed:"" group:"Other services"`

	Gateway gateway.Config `embed:""`
	Log     config.Log     `embed:"" group:"Logs"`
}

func main() { os.Exit(run.Main(program)) }

func program(ctx context.Context, args []string) error {
	var s settings
	handled, err := config.Parse("gateway", about, &s, args, os.Stdout, gateway.Vars())
	if handled || err != nil {
		return err
	}
	log := s.Log.New(os.Stderr)
	instance := natsx.Instance()
	nc, err := natsx.Connect(ctx, natsx.Options{
		URL: s.NATS.URL, CredsFile: s.NATS.Creds, Service: natsx.Gateway, Instance: instance, Log: log,
	})
	if err != nil {
		return err
	}
	defer nc.Close()
	history, err := rpc.Dial(s.HistoryURL, s.Secrets.ServiceToken, s.TLS)
	if err != nil {
		return fmt.Errorf("NATTER_HISTORY_URL: %w", err)
	}
	defer history.Close()
	presence, err := rpc.Dial(s.PresenceURL, s.Secrets.ServiceToken, s.TLS)
	if err != nil {
		return fmt.Errorf("NATTER_PRESENCE_URL: %w", err)
	}
	defer presence.Close()

	registry := ops.NewRegistry()
	g, err := gateway.New(s.Gateway, nc, history, presence, log, registry)
	if err != nil {
		return err
	}
	server, err := rpc.NewServer(rpc.ServerConfig{
		ServiceToken: s.Secrets.ServiceToken, AdminToken: s.Secrets.AdminToken, TLS: s.TLS, Log: log, Registerer: registry,
	})
	if err != nil {
		return err
	}
	g.Register(server)

	listeners, err := listen(s.Ops.Addr, s.HTTP.Addr, s.GRPC.Addr)
	if err != nil {
		return err
	}
	log.Info("serving", "component", "gateway", "http", listeners[1].Addr(), "grpc", listeners[2].Addr(), "ops", listeners[0].Addr())
	return run.Sequence(ctx, log, s.Gateway.Drain+grace,
		run.Task{Name: "ops", Run: run.HTTP(listeners[0], ops.Handler(registry, g.Checks()...), log)},
		run.Task{Name: "http", Run: run.HTTP(listeners[1], g.Handler(), log)},
		run.Task{Name: "grpc", Run: run.GRPC(listeners[2], server.Server)},
		run.Task{Name: "gateway", Run: g.Run}, // stops first: its drain needs the others
	)
}

// listen binds all addresses, or none.
func listen(addrs ...string) ([]net.Listener, error) {
	listeners := make([]net.Listener, 0, len(addrs))
	for _, addr := range addrs {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			for _, bound := range listeners {
				_ = bound.Close()
			}
			return nil, fmt.Errorf("listen: %w", err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}
