package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/gateway/frame"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/ops"
	"github.com/natter-chat/natter/services/internal/token"
	"github.com/natter-chat/natter/services/internal/tracing"
)

const (
	// renewSpread is how long clients take to come back after the past has
	// changed.
	renewSpread = 10 * time.Second
	// microVersion is the version as NATS tools show it.
	microVersion = "0.1.0"
)

// Gateway is one gateway. Make it with New, then Run it once.
type Gateway struct {
	cfg         Config
	log         *slog.Logger
	metrics     *metrics
	tracer      *tracing.Tracer // nil: nothing is traced
	limits      atomic.Pointer[clientv1.ServerFrame_Limits]
	frameLimits frame.Limits

	nc       *nats.Conn
	exchange *direct.Exchange // nil: history and presence are other processes
	instance string
	started  time.Time
	rooms    historyv1.RoomsClient
	messages historyv1.MessagesClient
	verifier *token.Verifier
	keys     *token.Keys // nil: tokens have a secret alone
	handler  http.Handler

	deployment *deployment
	dispatcher *dispatcher
	commands   []*commands // one per worker
	questions  *questions
	feeds      *feeds
	heads      *heads
	census     *census
	users      *users
	sessions   *sessions
	reporter   *reporter
	control    *control
	doors      *doors

	revocations *revocations
	wheel       *wheel
	buffers     buffers
	kept        keptPages
	stretches   stretches
	crew        *crew
	drain       ops.Drain
	drained     atomic.Int64 // when the time to move is over, in Unix ms; 0: nobody has to
	finishing   atomic.Bool  // nothing new is begun for clients

	losses chan struct{} // messages of NATS may be missing
	wholes chan struct{} // places of those who ask presence for a room

	life  context.Context // ends with the gateway, after its drain
	end   context.CancelFunc
	mu    sync.Mutex
	over  bool           // nothing is begun any more
	begun sync.WaitGroup // what background began
}

// New makes a gateway on a connection to NATS of its own, whose handlers it
// adds to. historyConn takes questions to history's store, with the service
// token. presenceConn is not used yet: what is asked of presence goes over NATS.
func New(cfg Config, nc *nats.Conn, historyConn, presenceConn grpc.ClientConnInterface, log *slog.Logger, reg prometheus.Registerer, options ...Option) (*Gateway, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Guests && cfg.GuestSecret == "" { // not in Validate: a secret may be made after the settings are read
		return nil, errors.New("NATTER_GUEST_SECRET: guests are allowed (NATTER_GUESTS), so it must be set; make one with: openssl rand -base64 32")
	}
	keys, err := cfg.keys(log.With("component", "gateway"))
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	verifier, err := cfg.verifier(keys)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	m, err := newMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	g := &Gateway{
		cfg: cfg, log: log.With("component", "gateway"), metrics: m, frameLimits: cfg.frameLimits(),
		nc: nc, instance: natsx.Instance(), started: time.Now(), verifier: verifier, keys: keys, doors: newDoors(cfg),
		rooms: historyv1.NewRoomsClient(historyConn), messages: historyv1.NewMessagesClient(historyConn),
		sessions: &sessions{all: map[*session]struct{}{}}, wheel: newWheel(), crew: newCrew(),
		losses: make(chan struct{}, 1), wholes: make(chan struct{}, wholesAtOnce),
	}
	for _, option := range options {
		option(g)
	}
	g.limits.Store(cfg.limitsFrame())
	g.life, g.end = context.WithCancel(context.Background())
	g.deployment = &deployment{renewed: func(epoch uint64) { g.background(func(context.Context) { g.renewed(epoch) }) }}
	g.dispatcher = newDispatcher(nc, g.exchange, g.dropped)
	for _, w := range g.dispatcher.workers {
		c := newCommands(nc, g.exchange, w, m)
		w.answered = c.reply
		g.commands = append(g.commands, c)
	}
	g.questions = &questions{nc: nc, exchange: g.exchange, deployment: g.deployment}
	g.stretches = &owners{questions: g.questions, places: make(chan struct{}, repairsAtOnce)}
	g.feeds = &feeds{gateway: g, linger: cfg.FeedLinger, byRoom: map[string]*feed{}}
	g.heads, g.census = &heads{gateway: g}, &census{gateway: g}
	g.users = &users{gateway: g, most: cfg.SessionsPerUser, byID: map[string]*user{}, asking: map[string]*statusAsk{}}
	g.revocations, g.control = newRevocations(g), newControl(g)
	g.reporter = newReporter(nc, g.instance, time.Now())
	if err := reg.Register(newLoad(g)); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	return g, g.serve()
}

// serve makes what answers HTTP.
func (g *Gateway) serve() error {
	proxies, err := g.cfg.proxies()
	if err != nil {
		return err
	}
	from := addresses{trusted: proxies}
	desk := &guestDesk{from: from, revoked: g.revokedBefore, visitors: newVisitors(g.cfg.GuestsPerMinute, g.cfg.GuestsPerMinute, time.Minute)}
	if g.cfg.Guests {
		if desk.guests, err = token.NewGuests(g.cfg.guestSecret(), time.Now); err != nil {
			return fmt.Errorf("gateway: %w", err)
		}
	}
	g.handler = newHandler(g, newOrigins(g.cfg.Origins), from, desk)
	return nil
}

// Handler serves the WebSocket, the page, the SDK, and what comes before a
// token.
func (g *Gateway) Handler() http.Handler { return g.handler }

// Register adds the gRPC service.
func (g *Gateway) Register(r grpc.ServiceRegistrar) {
	gatewayv1.RegisterGatewaysServer(r, &register{gateway: g})
}

// Checks say whether this gateway can do its work.
func (g *Gateway) Checks() []ops.Check {
	return []ops.Check{
		{Name: "nats", Ready: func() error {
			if !g.nc.IsConnected() {
				return errors.New("no connection to NATS; it is tried again for ever")
			}
			return nil
		}},
		{Name: "deployment", Ready: func() error {
			if !g.deployment.known() {
				return errors.New("no history has said how many partitions there are")
			}
			return nil
		}},
		{Name: "keys", Ready: func() error {
			if g.keys == nil {
				return nil
			}
			return g.keys.Failing()
		}},
		g.drain.Check(),
	}
}

// Run works until ctx ends, and then until the clients have moved elsewhere,
// at most for the time of the drain and some seconds.
func (g *Gateway) Run(ctx context.Context) error {
	defer g.stop()
	registered, err := g.introduce()
	if err != nil {
		return err
	}
	defer func() { _ = registered.Stop() }() // what is left of it ends with the connection
	defer g.watchLosses()()
	for _, follow := range []func() error{g.dispatcher.follow, g.followNotices, g.revocations.follow, g.control.follow} {
		if err := follow(); err != nil {
			return fmt.Errorf("gateway: %w", err)
		}
	}
	if g.keys != nil {
		g.background(g.keys.Run)
	}
	for _, run := range []func(context.Context){g.dispatcher.run, g.wheel.run, g.reporter.run, g.feeds.run, g.checkLosses, g.control.run, g.revocations.run, newRush(g.sessions).run} {
		g.background(run)
	}
	if err := g.learn(ctx); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	g.background(g.heads.run)
	<-ctx.Done()
	g.leave(g.cfg.Drain)
	return nil
}

// introduce shows the gateway to NATS's own tools.
func (g *Gateway) introduce() (micro.Service, error) {
	service, err := micro.AddService(g.nc, micro.Config{
		Name: "natter-gateway", Version: microVersion, Description: "WebSockets of natter",
		Metadata: map[string]string{"gateway": g.instance},
	})
	if err != nil {
		return nil, fmt.Errorf("gateway: register with NATS: %w", err)
	}
	return service, nil
}

// stop ends what was begun, and waits for it.
func (g *Gateway) stop() {
	g.mu.Lock()
	g.over = true
	g.mu.Unlock()
	g.end()
	g.begun.Wait()
}

// learn waits until a history says what the deployment is, and follows what
// all gateways follow.
func (g *Gateway) learn(ctx context.Context) error {
	now, err := g.questions.deploymentNow(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return fmt.Errorf("ask what the deployment is: %w", err)
	case now.GetPartitions() == 0:
		return errors.New("history says that there are no partitions; its version does not fit this one")
	}
	if _, err := g.dispatcher.subscribe(subject.PresenceSync(g.instance), "", g.reporter.onSync); err != nil {
		return err
	}
	g.learnLimits(now.GetLimits())
	g.deployment.observe(now.GetEpoch())
	if err := g.heads.follow(int(now.GetPartitions())); err != nil {
		return err
	}
	g.deployment.partitions.Store(int32(now.GetPartitions()))
	return nil
}

// learnLimits takes what history holds rooms to into what clients are told.
func (g *Gateway) learnLimits(rooms *chatv1.RoomLimits) {
	if rooms == nil {
		return
	}
	limits := g.cfg.limitsFrame()
	limits.MembersPerRoom, limits.ReactionsPerMessage = rooms.GetMembers(), rooms.GetReactions()
	g.limits.Store(limits)
}

// background does something in a goroutine of its own, for which Run waits. Its
// context ends with the gateway; once it has, nothing is begun any more.
func (g *Gateway) background(do func(ctx context.Context)) (begun bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.over {
		g.begun.Go(func() { do(g.life) })
	}
	return !g.over
}
