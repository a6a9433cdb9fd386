package standalone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/natter-chat/natter/services/gateway"
	"github.com/natter-chat/natter/services/history"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/embednats"
	"github.com/natter-chat/natter/services/internal/lockfile"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/ops"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/run"
	"github.com/natter-chat/natter/services/internal/tracing"
	"github.com/natter-chat/natter/services/presence"
)

// grace bounds the orderly end of each part, beyond the gateway's drain.
const grace = 15 * time.Second

// Natter is the whole program. Make it with New, then Run it once.
type Natter struct {
	settings Settings
	log      *slog.Logger
	lock     *lockfile.Lock
	nats     *embednats.Server
	conns    []*nats.Conn
	rpc      *rpc.Server
	history  *history.Service
	presence *presence.Service
	gateway  *gateway.Gateway
	registry *prometheus.Registry
	tracer   *tracing.Tracer
	host     *host

	http, grpc, ops net.Listener
}

// New takes the data directory, opens the ports, and starts NATS. What it began
// is undone if it fails.
func New(ctx context.Context, s Settings, log *slog.Logger) (*Natter, error) {
	n := &Natter{settings: s, log: log, registry: ops.NewRegistry(), host: newHost()}
	for _, step := range []func(context.Context) error{n.claim, n.trace, n.listen, n.startNATS, n.connect} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, n.close())
		}
	}
	return n, nil
}

// URL is the address of the page.
func (n *Natter) URL() string {
	scheme := "http://"
	if n.settings.HTTPTLS.Cert != "" {
		scheme = "https://"
	}
	return scheme + n.http.Addr().String()
}

// claim makes the data directory this process's own.
func (n *Natter) claim(context.Context) (err error) {
	dir := n.settings.History.DataDir
	if err := os.MkdirAll(filepath.Join(dir, "secrets"), 0o700); err != nil {
		return fmt.Errorf("NATTER_DATA_DIR: %w", err)
	}
	if n.lock, err = lockfile.Acquire(filepath.Join(dir, "natter.lock")); err != nil {
		return fmt.Errorf("NATTER_DATA_DIR: %w", err)
	}
	return n.settings.keep(filepath.Join(dir, "secrets"))
}

func (n *Natter) trace(ctx context.Context) (err error) {
	n.tracer, err = n.settings.Trace.New(ctx, "natter", n.log, n.registry)
	return err
}

func (n *Natter) listen(context.Context) (err error) {
	for _, l := range []struct {
		setting, addr string
		listener      *net.Listener
	}{
		{"NATTER_HTTP_ADDR", n.settings.HTTP.Addr, &n.http},
		{"NATTER_GRPC_ADDR", n.settings.GRPC.Addr, &n.grpc},
		{"NATTER_OPS_ADDR", n.settings.Ops.Addr, &n.ops},
	} {
		if *l.listener, err = net.Listen("tcp", l.addr); err != nil {
			return fmt.Errorf("%s: %w; choose another address", l.setting, err)
		}
	}
	n.http, err = n.settings.HTTPTLS.Listener(n.http, n.log)
	return err
}

func (n *Natter) startNATS(context.Context) (err error) {
	keys, err := n.keys()
	if err != nil {
		return err
	}
	n.nats, err = embednats.Start(embednats.Config{
		DataDir: filepath.Join(n.settings.History.DataDir, "nats"), Listen: n.settings.NATSListen,
		SyncAlways: n.settings.History.Durability == "disk", Keys: keys, Log: n.log,
		// Every log at its fullest, and the buckets.
		MaxStore: int64(n.settings.History.Partitions)*n.settings.History.LogMaxBytes + 1<<30,
	})
	return err
}

// connect makes the services, each with its own connections and rights.
func (n *Natter) connect(ctx context.Context) error {
	conns := map[string]*nats.Conn{}
	for _, service := range []string{natsx.History, natsx.Presence, natsx.Gateway} {
		nc, err := n.nats.Connect(ctx, service, natsx.Instance())
		if err != nil {
			return err
		}
		conns[service], n.conns = nc, append(n.conns, nc)
	}
	dial := func(ctx context.Context) (*nats.Conn, error) {
		return n.nats.Connect(ctx, natsx.History, natsx.Instance())
	}
	cfg := n.settings.History
	cfg.DataDir = filepath.Join(cfg.DataDir, "history")
	exchange := direct.New(n.nats.Followed)
	var err error
	if n.history, err = history.New(cfg, conns[natsx.History], dial, n.log, n.registry, history.WithTracer(n.tracer), history.WithExchange(exchange)); err != nil {
		return err
	}
	if n.presence, err = presence.New(n.settings.Presence, conns[natsx.Presence], n.log, n.registry, presence.WithExchange(exchange)); err != nil {
		return err
	}
	n.rpc, err = rpc.NewServer(rpc.ServerConfig{
		ServiceToken: n.settings.Secrets.ServiceToken, AdminToken: n.settings.Secrets.AdminToken,
		Tokens: n.settings.Secrets.Tokens, ClientCA: n.settings.Secrets.ClientCA, TLS: n.settings.TLS, Log: n.log, Registerer: n.registry, Tracer: n.tracer,
	})
	if err != nil {
		return err
	}
	inside := n.rpc.Inside(n.settings.Secrets.ServiceToken)
	if n.gateway, err = gateway.New(n.settings.Gateway, conns[natsx.Gateway], inside, inside, n.log, n.registry, gateway.WithTracer(n.tracer), gateway.WithExchange(exchange)); err != nil {
		return err
	}
	n.history.Register(n.rpc)
	n.presence.Register(n.rpc)
	n.gateway.Register(n.rpc)
	return nil
}

// Run serves until ctx ends, and greets on out once people can come. It ends in
// the opposite order: sockets first, NATS last.
func (n *Natter) Run(ctx context.Context, out io.Writer) error {
	checks := append(append(n.history.Checks(), n.presence.Checks()...), n.gateway.Checks()...)
	err := run.Sequence(ctx, n.log, n.settings.Gateway.Drain+grace,
		run.Task{Name: "ops", Run: run.HTTP(n.ops, ops.Handler(n.registry, checks...), n.log)},
		run.Task{Name: "history", Run: n.history.Run},
		run.Task{Name: "presence", Run: n.presence.Run},
		run.Task{Name: "audit", Run: n.rpc.Audit(n.history.KeepAudit)},
		run.Task{Name: "grpc", Run: run.GRPC(n.grpc, n.rpc.Server)},
		run.Task{Name: "http", Run: n.serveHTTP()},
		run.Task{Name: "gateway", Run: n.gateway.Run},
		run.Task{Name: "welcome", Run: func(ctx context.Context) error { return n.welcome(ctx, out, checks) }},
	)
	return errors.Join(err, n.close())
}

// close gives back what New took; the listeners are the servers' once they run.
func (n *Natter) close() error {
	for _, l := range []net.Listener{n.http, n.grpc, n.ops} {
		if l != nil {
			_ = l.Close()
		}
	}
	for _, nc := range n.conns {
		nc.Close()
	}
	_ = n.tracer.Close() // what it could not deliver is counted
	if n.nats != nil {
		n.nats.Shutdown()
	}
	if n.lock != nil {
		return n.lock.Release()
	}
	return nil
}
