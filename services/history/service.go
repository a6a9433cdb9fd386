package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/sqlite"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/ops"
)

// Dialer opens a connection to NATS as history, of its owner's own. Each
// partition's appends travel on one of theirs: a server syncs a record while it
// reads the connection it came by, and nothing else should wait for that.
type Dialer func(ctx context.Context) (*nats.Conn, error)

// Service is one history replica: it owns partitions, keeps the store, and
// answers queries. Make it with New, then Run it once.
type Service struct {
	cfg        Config
	nc         *nats.Conn
	dial       Dialer
	js         jetstream.JetStream
	log        *slog.Logger
	replica    string
	store      store.Store
	partitions int
	epoch      atomic.Uint64
	disk       *disk
	metrics    *metrics
	trouble    *trouble
	progress   *progress
	loader     *loader
	owners     *owners

	mu   sync.Mutex
	ends map[int]uint64
}

// New opens the store and fixes what a deployment fixes at its first start.
func New(cfg Config, nc *nats.Conn, dial Dialer, log *slog.Logger, reg prometheus.Registerer) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	m, err := newMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	archive, err := sqlite.Open(ctx, cfg.DataDir)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	s := &Service{
		cfg: cfg, nc: nc, dial: dial, js: js, log: log.With("component", "history"), replica: natsx.Instance(), store: archive,
		metrics: m, trouble: &trouble{}, progress: newProgress(), loader: newLoader(archive), ends: map[int]uint64{},
	}
	s.disk = newDisk(nc, cfg, s.log)
	if err := s.fix(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("history: %w", err), archive.Close())
	}
	s.owners = &owners{
		js: js, replica: s.replica, partitions: s.partitions, replicas: cfg.Replicas, own: s.own,
		metrics: m, log: s.log, owned: map[int]*ownership{}, err: errors.New("not shared yet"),
	}
	return s, nil
}

// Register adds the gRPC services.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	historyv1.RegisterRoomsServer(r, &roomQueries{service: s})
	historyv1.RegisterMessagesServer(r, &messageQueries{service: s})
}

// Run works until ctx ends. Then partitions are handed back, with everything
// under way answered, and the store is closed.
func (s *Service) Run(ctx context.Context) error {
	answers, err := s.answer()
	if err != nil {
		return errors.Join(err, s.store.Close())
	}
	verifying, stop := context.WithCancel(context.WithoutCancel(ctx))
	verified := make(chan struct{})
	go func() {
		defer close(verified)
		s.disk.run(verifying)
	}()
	err = s.owners.run(ctx)
	stop()
	<-verified
	return errors.Join(err, answers.Stop(), s.store.Close())
}

// Checks say whether this replica can do its work.
func (s *Service) Checks() []ops.Check {
	return []ops.Check{
		{Name: "nats", Ready: func() error {
			if !s.nc.IsConnected() {
				return errors.New("no connection to NATS; it is tried again for ever")
			}
			return nil
		}},
		{Name: "partitions", Ready: func() error { return errors.Join(s.owners.failing(), s.trouble.get()) }},
		{Name: "store", Ready: func() error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return errors.Join(s.progress.failing(), s.store.Ping(ctx))
		}},
		{Name: "durability", Ready: s.disk.failing},
	}
}

func (s *Service) newWriter(partition int, l *lease) *writer {
	return &writer{
		partition: partition, lease: l, limits: room.DefaultLimits(), epoch: s.epoch.Load,
		publish: publisher{s.nc, s.log}, backlog: newBacklog(), loader: s.loader,
		durability: s.disk.durability, metrics: s.metrics, log: s.log,
		requests: make(chan *request, waiting), questions: make(chan *question, waiting),
		loads: make(chan *load, loadsAtOnce), archived: make(chan uint64, 16), done: make(chan outcome, 1), quit: make(chan struct{}),
		rooms: newRooms(roomsLimits{rooms: 16384, events: 500_000}), tail: newTail(), holds: map[*load]uint64{},
		heads: newHeads(), memory: newMemory(),
	}
}

// raise makes a higher epoch the one in force.
func (s *Service) raise(epoch uint64) {
	for {
		now := s.epoch.Load()
		if epoch <= now || s.epoch.CompareAndSwap(now, epoch) {
			return
		}
	}
}
