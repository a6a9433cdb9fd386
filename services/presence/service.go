package presence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// flushTime bounds how long the last words may take at the end.
const flushTime = 2 * time.Second

// Service is one presence replica. Make it with [New], then Run it once.
type Service struct {
	cfg      Config
	nc       *nats.Conn
	exchange *direct.Exchange // nil: the gateways are other processes
	log      *slog.Logger
	name     string
	metrics  *metrics
	box      *mailbox
	state    atomic.Pointer[state]
	ended    chan struct{}
}

// Option is what a replica can do without.
type Option func(*Service)

// WithExchange has the gateways of the same process ask this replica by an
// exchange, beside NATS.
func WithExchange(x *direct.Exchange) Option { return func(s *Service) { s.exchange = x } }

// New makes a replica that speaks through nc, which stays the caller's to
// close.
func New(cfg Config, nc *nats.Conn, log *slog.Logger, reg prometheus.Registerer, options ...Option) (*Service, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg: cfg, nc: nc, log: log.With("component", "presence"), name: natsx.Instance(),
		box: newMailbox(), ended: make(chan struct{}),
	}
	for _, option := range options {
		option(s)
	}
	s.state.Store(&state{})
	if s.metrics, err = newMetrics(reg, s.state.Load); err != nil {
		return nil, fmt.Errorf("presence: %w", err)
	}
	waiting := gauge("natter_presence_waiting", "Messages of gateways that are not heard yet.", func() int { return len(s.box.gateways) })
	if err := reg.Register(waiting); err != nil {
		return nil, fmt.Errorf("presence: %w", err)
	}
	return s, nil
}

// Register adds the gRPC service.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	presencev1.RegisterPresenceServer(r, &queries{service: s})
}

// Run works until ctx ends. Then the other replicas are told to take the
// rooms at once.
func (s *Service) Run(ctx context.Context) error {
	defer close(s.ended)
	stop, err := s.listen()
	if err != nil {
		return fmt.Errorf("presence: %w", err)
	}
	var asking sync.WaitGroup
	defer asking.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	syncs := newSyncs(func(gateway string) { asking.Go(func() { s.sync(ctx, gateway) }) })
	loop(ctx, newReplica(s.name, s.cfg, time.Now(), s.publish, s.link, syncs, s.archive(ctx, &asking), s.metrics), s.box, s.state.Store)
	stopping := *s.state.Load()
	stopping.owning = false
	s.state.Store(&stopping)
	return errors.Join(stop(), s.flush())
}

// sync asks a gateway for the whole, and tells the loop.
func (s *Service) sync(ctx context.Context, gateway string) {
	whole, err := askWhole(ctx, s.request, gateway)
	s.metrics.synced(err)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("a gateway did not tell its sessions, trying again", "gateway", gateway, "error", err)
	}
	select {
	case s.box.synced <- synced{gateway: gateway, whole: whole, err: err}:
	case <-ctx.Done():
	}
}

// publish is [outlet] over NATS. An error means that the connection is closed
// or its buffer full: both end with the next connection, after which all is
// told anew.
func (s *Service) publish(subject, reply string, m proto.Message) {
	data, err := proto.Marshal(m)
	if err == nil {
		err = s.nc.PublishMsg(&nats.Msg{Subject: subject, Reply: reply, Data: data})
	}
	if err != nil {
		s.log.Warn("could not publish; all is told again with the next connection", "subject", subject, "error", err)
	}
}

func (s *Service) link() (connected bool, reconnects uint64) {
	return s.nc.IsConnected(), s.nc.Stats().Reconnects
}

func (s *Service) flush() error {
	if !s.nc.IsConnected() {
		return nil
	}
	if err := s.nc.FlushTimeout(flushTime); err != nil {
		return fmt.Errorf("presence: tell the last changes: %w", err)
	}
	return nil
}
