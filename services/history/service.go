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
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/postgres"
	"github.com/natter-chat/natter/services/history/store/sqlite"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/ops"
	"github.com/natter-chat/natter/services/internal/tracing"
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
	exchange   *direct.Exchange // nil: the gateways are other processes
	js         jetstream.JetStream
	log        *slog.Logger
	replica    string
	store      store.Store
	strangers  *strangers                  // nil: others write the store, too
	prepare    func(context.Context) error // brings the store's schema up to date
	fill       func(context.Context) error // fills in what a version before leaves out
	begun      bool                        // all that is needed is there; until then Run waits
	standstill *standstill
	partitions int
	epoch      atomic.Uint64
	disk       *disk
	metrics    *metrics
	tracer     *tracing.Tracer // nil: nothing is traced
	trouble    *trouble
	progress   *progress
	loader     *loader
	owners     *owners
	// held is heldBytes, keepEvery and tidyEvery are how often, and an attempt to
	// append is given attemptTimeout, but in tests.
	held      int
	keepEvery time.Duration
	tidyEvery time.Duration
	sweeps    sweepTimes
	attempts  func() time.Duration
	untidy    chan struct{} // holds a token while something is to be tidied up
	searches  chan struct{} // as many as may be under way
	newest    *newest

	readiness   readiness
	revocations *revocations
	webhooks    *webhooks

	mu   sync.Mutex
	ends map[int]uint64
}

// New opens the store and fixes what a deployment fixes at its first start. A
// database or a NATS that cannot do its part yet is no error: Run waits for it.
func New(cfg Config, nc *nats.Conn, dial Dialer, log *slog.Logger, reg prometheus.Registerer, options ...Option) (*Service, error) {
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
	archive, prepare, fill, err := openStore(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	s := &Service{
		cfg: cfg, nc: nc, dial: dial, js: js, log: log.With("component", "history"), replica: natsx.Instance(), store: archive, prepare: prepare, fill: fill, partitions: cfg.Partitions,
		metrics: m, trouble: &trouble{}, standstill: &standstill{err: errors.New("not begun yet")}, progress: newProgress(cfg.Store != embedded), loader: newLoader(archive), ends: map[int]uint64{}, held: heldBytes, keepEvery: keepEvery, tidyEvery: tidyEvery, sweeps: defaultSweepTimes(), attempts: func() time.Duration { return attemptTimeout },
		untidy: make(chan struct{}, 1), searches: make(chan struct{}, searchesAtOnce),
		newest: newNewest(newestBytes),
	}
	for _, option := range options {
		option(s)
	}
	s.strangers, _ = archive.(*strangers)
	s.disk = newDisk(nc, cfg, s.log)
	if s.webhooks, err = s.newWebhooks(reg); err != nil {
		return nil, errors.Join(fmt.Errorf("history: %w", err), archive.Close())
	}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("history: %w", err), archive.Close())
	}
	s.owners = &owners{
		peers: newPeers(js, s.replica, cfg.Replicas, s.readiness.get), replica: s.replica, partitions: s.partitions, own: s.own,
		others:  func(partition int) { s.trouble.set(partition, nil) },
		metrics: m, log: s.log, owned: map[int]*ownership{}, err: errors.New("not shared yet"),
	}
	return s, nil
}

func openStore(ctx context.Context, cfg Config) (archive store.Store, prepare, fill func(context.Context) error, err error) {
	nothing := func(context.Context) error { return nil }
	if cfg.Store == embedded {
		s, err := sqlite.Open(ctx, cfg.DataDir)
		if err != nil {
			return nil, nil, nil, err
		}
		return newStrangers(s, s.Everybody), nothing, nothing, nil
	}
	s, err := postgres.New(cfg.Store)
	if err != nil {
		return nil, nil, nil, err
	}
	return s, s.Prepare, s.Fill, nil
}

// storeName is the kind of store, for people.
func (s *Service) storeName() string {
	if s.cfg.Store == embedded {
		return embedded
	}
	return "postgres"
}

// Register adds the gRPC services.
func (s *Service) Register(open grpc.ServiceRegistrar) {
	r := gate{ServiceRegistrar: open, closed: s.standstill.why}
	historyv1.RegisterRoomsServer(r, &roomQueries{service: s})
	historyv1.RegisterMessagesServer(r, &messageQueries{service: s})
	historyv1.RegisterUsersServer(r, &userQueries{service: s})
	historyv1.RegisterStoreServer(gate{ServiceRegistrar: open, closed: s.standstill.why, always: []string{"Status"}}, &storeQueries{service: s})
	historyv1.RegisterWebhooksServer(r, &webhookQueries{service: s})
	historyv1.RegisterAuditServer(r, &auditQueries{service: s})
}

// Run works until ctx ends. Then partitions are handed back, with everything
// under way answered, and the store is closed.
func (s *Service) Run(ctx context.Context) error {
	if err := s.await(ctx); err != nil || ctx.Err() != nil {
		return errors.Join(err, s.store.Close())
	}
	stopAnswering, err := s.answer()
	if err != nil {
		return errors.Join(err, s.store.Close())
	}
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	all.Go(func() { s.disk.run(beside) })
	all.Go(func() { s.readiness.run(beside, s.Checks()) })
	all.Go(func() { s.followEpoch(beside) })
	all.Go(func() { s.revocations.run(beside) })
	all.Go(func() { s.webhooks.run(beside) })
	all.Go(func() { s.forgetAudit(beside) })
	all.Go(func() { s.keepHouse(beside) })
	if s.strangers != nil {
		all.Go(func() { s.strangers.learn(beside, s.log) })
	}
	err = s.owners.run(ctx)
	stop()
	all.Wait()
	return errors.Join(err, stopAnswering(), s.store.Close())
}

// Checks say whether this replica can do its work.
func (s *Service) Checks() []ops.Check {
	return []ops.Check{
		{Name: "nats", Ready: func() error {
			if !s.nc.IsConnected() {
				return errors.New("no connection to NATS; it is tried again for ever")
			}
			return s.standstill.why()
		}},
		{Name: "partitions", Ready: func() error { return errors.Join(s.owners.failing(), s.trouble.get()) }},
		{Name: "store", Ready: func() error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			err := s.store.Ping(ctx)
			if errors.Is(err, context.DeadlineExceeded) {
				err = errors.New("the store does not answer within a second; it is asked again")
			}
			return errors.Join(s.progress.failing(), err)
		}},
		{Name: "durability", Ready: s.disk.failing},
		{Name: "revocations", Ready: func() error {
			if err := s.standstill.why(); err != nil {
				return err
			}
			return s.revocations.failing()
		}},
		{Name: "webhooks", Ready: s.webhooks.failing},
	}
}

func (s *Service) newWriter(partition int, l *lease) *writer {
	return &writer{
		partition: partition, lease: l, limits: s.cfg.limits(), epoch: s.epoch.Load,
		publish: publisher{s.nc, s.exchange, s.log}, backlog: s.newBacklog(), loader: s.loader,
		durability: s.disk.durability, metrics: s.metrics, log: s.log,
		requests: make(chan *request, waiting), questions: make(chan *question, waiting),
		loads: make(chan *load, loadsAtOnce), archived: make(chan uint64, 16), done: make(chan outcome, 1), late: stopped(), quit: make(chan struct{}),
		rooms: newRooms(roomsLimits{rooms: 16384, events: 500_000}), tail: newTail(s.held), holds: map[*load]uint64{},
		heads: newHeads(), memory: newMemory(), touched: newTouched(s.cfg.retention()),
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

func (s *Service) newBacklog() *backlog {
	b := newBacklog(s.held)
	b.sees = s.strangers.record
	return b
}
