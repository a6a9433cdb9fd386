package natstest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/natter-chat/natter/services/internal/embednats"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// Server is a server that a test may stop and start again. Connections made
// by Connect reconnect to the restarted one by themselves.
type Server struct {
	cfg embednats.Config

	mu  sync.Mutex
	now *embednats.Server // nil while stopped
}

// Option changes how the server starts.
type Option func(*embednats.Config)

// WithoutSync leaves syncing to the operating system (durability OS).
func WithoutSync() Option { return func(c *embednats.Config) { c.SyncAlways = false } }

// Listening opens a port of 127.0.0.1, for clients in other processes and for
// tests of the network. A restart keeps the port.
func Listening() Option { return func(c *embednats.Config) { c.Listen = "127.0.0.1:-1" } }

// InDir keeps the data in a directory of the test's own.
func InDir(dir string) Option { return func(c *embednats.Config) { c.DataDir = dir } }

// WithLog takes the logs of the server and of its connections, which are
// thrown away otherwise.
func WithLog(log *slog.Logger) Option { return func(c *embednats.Config) { c.Log = log } }

// Start starts a server in t.TempDir() that syncs before it acknowledges, and
// stops it when the test ends.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	keys, err := natsx.NewKeys(natsx.Operator)
	if err != nil {
		t.Fatal(err)
	}
	cfg := embednats.Config{SyncAlways: true, Keys: keys, Log: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&cfg)
	}
	if cfg.DataDir == "" {
		cfg.DataDir = t.TempDir()
	}
	s := &Server{cfg: cfg}
	s.Restart(t)
	t.Cleanup(s.Stop)
	return s
}

// Connect connects as a service ([natsx.Gateway], …) with just its rights;
// as [natsx.Operator] a test may do everything. Closed when the test ends.
func (s *Server) Connect(t testing.TB, service string) *nats.Conn {
	t.Helper()
	return s.ConnectAs(t, service, natsx.Instance())
}

// ConnectAs is Connect with an instance of the test's choice.
func (s *Server) ConnectAs(t testing.TB, service, instance string) *nats.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	nc, err := natsx.Connect(ctx, natsx.Options{
		InProcess: s, Seed: s.cfg.Keys[service].Seed, Service: service, Instance: instance, Log: s.cfg.Log,
	})
	if err != nil {
		t.Fatalf("connect to the test's NATS as %s: %v", service, err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// InProcessConn makes a Server an [nats.InProcessConnProvider].
func (s *Server) InProcessConn() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return nil, errors.New("the test's NATS is stopped")
	}
	return s.now.InProcessConn()
}

// Keys of all services and of the operator.
func (s *Server) Keys() natsx.Keys { return s.cfg.Keys }

// URL of a server started with [Listening], while it runs.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return ""
	}
	return s.now.URL()
}

// Stop stops the server, orderly. Its data stay.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil {
		s.now.Shutdown()
		s.now = nil
	}
}

// Restart stops the server if it runs, and starts it on the same data.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := embednats.Start(s.cfg)
	if err != nil {
		t.Fatalf("start the test's NATS: %v", err)
	}
	s.now = now
	if s.cfg.Listen != "" {
		s.cfg.Listen = now.Addr()
	}
}
