package embednats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/natter-chat/natter/services/internal/lockfile"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// DefaultMaxStore is what JetStream may keep where Config does not say: 32 GiB.
const DefaultMaxStore = 32 << 30

const readyTimeout = 10 * time.Second

// Config of an embedded server.
type Config struct {
	// DataDir is made if need be; JetStream's files go to its jetstream folder. Needed.
	DataDir string
	// Listen is "host:port" to let other processes in too. Empty: in-process only.
	Listen string
	// SyncAlways: sync to disk before each acknowledgement. Without it a power
	// cut loses what was acknowledged in the last two minutes.
	SyncAlways bool
	// MaxStore bounds JetStream's files, in bytes; the MaxBytes of all streams
	// must fit in it. 0 is [DefaultMaxStore].
	MaxStore int64
	// Cluster joins the server with others. Nil: it stands alone.
	Cluster *natsx.Cluster
	// Name is what the others of a cluster know it by, the same at each start.
	// Empty: a new one at each.
	Name string
	// Keys of the services. Nil: new ones, known to this process alone.
	Keys natsx.Keys
	// Log takes the server's warnings and errors, and the rest at level debug.
	// Nil: [slog.Default].
	Log *slog.Logger
}

// Server is a running server.
type Server struct {
	cfg   Config
	notes *logger
	keys  natsx.Keys
	log   *slog.Logger
	lock  *lockfile.Lock
	stop  sync.Once

	endHealing context.CancelFunc
	healing    sync.WaitGroup

	mu   sync.Mutex
	nats *server.Server // nil: none runs
}

// Start starts a server and returns once it takes connections, which is after
// JetStream has read what it kept. A DataDir that another process uses is
// refused with [lockfile.ErrInUse].
func Start(cfg Config) (*Server, error) {
	if cfg.DataDir == "" {
		return nil, errors.New("embedded NATS: the data directory is not set")
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.MaxStore == 0 {
		cfg.MaxStore = DefaultMaxStore
	}
	if cfg.Keys == nil {
		keys, err := natsx.NewKeys()
		if err != nil {
			return nil, fmt.Errorf("embedded NATS: %w", err)
		}
		cfg.Keys = keys
	}
	return start(cfg)
}

func start(cfg Config) (*Server, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded NATS: make the data directory: %w", err)
	}
	lock, err := lockfile.Acquire(filepath.Join(cfg.DataDir, "jetstream.lock"))
	if err != nil {
		return nil, fmt.Errorf("embedded NATS: %w", err)
	}
	_ = os.Remove(probe(cfg.DataDir)) // of a process that was killed while it looked for room
	ctx, endHealing := context.WithCancel(context.Background())
	s := &Server{
		cfg: cfg, notes: newLogger(cfg.Log.With("component", "nats-server")), keys: cfg.Keys, log: cfg.Log, lock: lock, endHealing: endHealing,
	}
	if err := s.launch(); err != nil {
		s.Shutdown()
		return nil, err
	}
	s.healing.Go(func() { s.heal(ctx) })
	return s, nil
}

// launch starts a server, at the address of the one before.
func (s *Server) launch() error {
	options, err := s.cfg.serverOptions()
	if err != nil {
		return err
	}
	ns, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("embedded NATS: %w", err)
	}
	s.notes.reason.Store(nil) // of the server before
	ns.SetLoggerV2(s.notes, false, false, false)
	ns.Start()
	if err := awaitReady(ns, s.notes); err != nil {
		ns.Shutdown()
		ns.WaitForShutdown()
		return err
	}
	if addr := ns.Addr(); addr != nil {
		s.cfg.Listen = addr.String()
	}
	s.set(ns)
	return nil
}

// awaitReady returns at once after a fatal error, of which the server itself
// only logs.
func awaitReady(ns *server.Server, log *logger) error {
	deadline := time.Now().Add(readyTimeout)
	for !ns.ReadyForConnections(50*time.Millisecond) || !ns.JetStreamEnabled() {
		if reason := log.fatal(); reason != "" {
			return fmt.Errorf("embedded NATS: %s", reason)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("embedded NATS: the server did not become ready within %s", readyTimeout)
		}
	}
	return nil
}

func (cfg Config) serverOptions() (*server.Options, error) {
	var text bytes.Buffer
	name := cfg.Name
	if name == "" {
		name = "natter-" + natsx.Instance()
	}
	err := natsx.ServerConfig(&text, natsx.ServerOptions{
		Name:       name,
		Listen:     cfg.Listen,
		StoreDir:   cfg.DataDir, // the server adds the folder jetstream
		SyncAlways: cfg.SyncAlways,
		MaxStore:   cfg.MaxStore,
		Keys:       cfg.Keys,
		Cluster:    cfg.Cluster,
	})
	if err != nil {
		return nil, fmt.Errorf("embedded NATS: %w", err)
	}
	options := &server.Options{}
	if err := options.ProcessConfigString(text.String()); err != nil {
		return nil, fmt.Errorf("embedded NATS: %w", err)
	}
	options.NoSigs = true // the program's own handling of signals decides
	options.NoLog = true  // but for SetLogger
	options.DontListen = cfg.Listen == ""
	return options, nil
}

// running is the server; nil: none runs.
func (s *Server) running() *server.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nats
}

func (s *Server) set(ns *server.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nats = ns
}

// end ends the server that runs, if one does.
func (s *Server) end() {
	ns := s.running()
	s.set(nil)
	if ns != nil {
		ns.Shutdown()
		ns.WaitForShutdown()
	}
}

// errEnded says that no server runs just now.
var errEnded = errors.New("embedded NATS: the server has ended")

// InProcessConn is a connection in memory, not yet authenticated. It makes a
// Server an [nats.InProcessConnProvider].
func (s *Server) InProcessConn() (net.Conn, error) {
	ns := s.running()
	if ns == nil {
		return nil, errEnded
	}
	return ns.InProcessConn()
}

// Keys are those of the services of this server.
func (s *Server) Keys() natsx.Keys { return s.keys }

// Connect connects a service in memory, with that service's own rights.
func (s *Server) Connect(ctx context.Context, service, instance string) (*nats.Conn, error) {
	key, ok := s.keys[service]
	if !ok {
		return nil, fmt.Errorf("embedded NATS: no key for a service named %q", service)
	}
	return natsx.Connect(ctx, natsx.Options{
		InProcess: s, Seed: key.Seed, Service: service, Instance: instance, Log: s.log,
	})
}

// Followed tells whether anybody may follow a subject at this server: a message
// for nobody need not be published, which wakes two goroutines.
func (s *Server) Followed(subject string) bool {
	ns := s.running()
	if ns == nil || s.cfg.Cluster != nil { // who listens at others is not known in time
		return true
	}
	account, err := ns.LookupAccount(natsx.Account)
	return err != nil || account.SubscriptionInterest(subject)
}

// Addr is "host:port" of the listener, or empty if the server does not listen.
func (s *Server) Addr() string {
	if ns := s.running(); ns != nil {
		if addr := ns.Addr(); addr != nil {
			return addr.String()
		}
	}
	return ""
}

// URL is where other processes connect, or empty if the server does not listen.
func (s *Server) URL() string {
	if ns := s.running(); ns != nil && ns.Addr() != nil {
		return ns.ClientURL()
	}
	return ""
}

// Shutdown closes all connections, flushes JetStream, and returns once the
// server has ended. More calls do nothing.
func (s *Server) Shutdown() {
	s.stop.Do(func() {
		s.endHealing()
		s.healing.Wait()
		s.end()
		if err := s.lock.Release(); err != nil {
			s.log.Warn("could not release the lock of the data directory", "error", err)
		}
	})
}
