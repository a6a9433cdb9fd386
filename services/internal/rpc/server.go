package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	// Reflection thus describes the WebSocket's frames too.
	_ "github.com/natter-chat/natter/proto/natter/client/v1"

	"github.com/natter-chat/natter/services/internal/access"
	"github.com/natter-chat/natter/services/internal/audit"
	"github.com/natter-chat/natter/services/internal/certs"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/secret"
	"github.com/natter-chat/natter/services/internal/tracing"
)

const (
	maxConnectionAge = 5 * time.Minute // then clients resolve anew, and find new replicas
	maxAgeGrace      = 30 * time.Second
	maxMessage       = 4 << 20
	maxStreams       = 1024
)

// ServerConfig of a gRPC server.
type ServerConfig struct {
	// ServiceToken lets services in, AdminToken an admin with all scopes; an
	// empty one lets nobody in. They must differ.
	ServiceToken, AdminToken string
	// Tokens is the file of further admins and services; see package access.
	// Without it, one of the tokens is needed.
	Tokens string
	// ClientCA, if set, has signed the certificates that the file of tokens
	// names; it needs TLS.
	ClientCA string
	// TLS, if set, is served with; its CA, if set, must have signed the
	// clients' certificates. Tokens are asked for all the same, but of those
	// whose certificate ClientCA has signed.
	TLS config.TLS
	// Log takes panics and internal errors. Nil: [slog.Default].
	Log *slog.Logger
	// Registerer takes the metrics. Nil: none.
	Registerer prometheus.Registerer
	// Tracer traces calls. Nil: none.
	Tracer *tracing.Tracer
}

// Server is a grpc.Server that authenticates every call, with health and
// reflection registered.
type Server struct {
	*grpc.Server
	health *health.Server
	audit  *audit.Trail
	around grpc.UnaryServerInterceptor // all of them
	inside map[string]registered       // by full name
}

// NewServer makes a server to register services on. Its health is SERVING.
func NewServer(cfg ServerConfig) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	trail, err := audit.New(cfg.Log, cfg.Registerer)
	if err != nil {
		return nil, fmt.Errorf("metrics of the audit: %w", err)
	}
	options, unary, err := cfg.options(trail)
	if err != nil {
		return nil, err
	}
	s := &Server{Server: grpc.NewServer(options...), health: health.NewServer(), audit: trail, around: chain(unary), inside: map[string]registered{}}
	healthpb.RegisterHealthServer(s, s.health)
	reflection.Register(s)
	return s, nil
}

// SetServing tells health checks, and clients that balance by them, whether
// to send calls here. Calls that come are answered all the same.
func (s *Server) SetServing(serving bool) {
	status := healthpb.HealthCheckResponse_NOT_SERVING
	if serving {
		status = healthpb.HealthCheckResponse_SERVING
	}
	s.health.SetServingStatus("", status)
}

// Audit is a task that keeps the records of admins' calls, see [audit.Trail].
// Without it they are in the log alone.
func (s *Server) Audit(keep audit.Keep) func(ctx context.Context) error {
	return func(ctx context.Context) error { return s.audit.Run(ctx, keep) }
}

func (cfg ServerConfig) validate() error {
	if cfg.ServiceToken == "" && cfg.AdminToken == "" && cfg.Tokens == "" {
		return errors.New("gRPC would let nobody in: set NATTER_SERVICE_TOKEN, NATTER_ADMIN_TOKEN or NATTER_ADMIN_TOKENS_FILE")
	}
	if cfg.ClientCA != "" && cfg.Tokens == "" {
		return errors.New("NATTER_GRPC_CLIENT_CA lets nobody in by itself: name its certificates in a file, NATTER_ADMIN_TOKENS_FILE")
	}
	if cfg.ClientCA != "" && cfg.TLS == (config.TLS{}) {
		return errors.New("NATTER_GRPC_CLIENT_CA needs TLS: set NATTER_TLS_CERT and NATTER_TLS_KEY")
	}
	if cfg.ServiceToken != "" && cfg.ServiceToken == cfg.AdminToken {
		return errors.New("NATTER_SERVICE_TOKEN and NATTER_ADMIN_TOKEN are the same; every service would be an admin")
	}
	if cfg.ServiceToken != "" {
		if err := secret.Check("NATTER_SERVICE_TOKEN", cfg.ServiceToken); err != nil {
			return err
		}
	}
	if cfg.AdminToken != "" {
		return secret.Check("NATTER_ADMIN_TOKEN", cfg.AdminToken)
	}
	return nil
}

// identities also opens the file of tokens and that of the authorities.
func (cfg ServerConfig) identities() (identities, error) {
	i := newIdentities(cfg.ServiceToken, cfg.AdminToken)
	var err error
	if cfg.Tokens != "" {
		if i.file, err = access.Open(cfg.Tokens, cfg.Log.With("component", "grpc")); err != nil {
			return i, fmt.Errorf("NATTER_ADMIN_TOKENS_FILE: %w", err)
		}
	}
	if cfg.ClientCA != "" {
		i.ca, err = certs.WatchSigners("NATTER_GRPC_CLIENT_CA", cfg.ClientCA, cfg.Log.With("component", "grpc"))
	}
	return i, err
}

// options, and the interceptors of unary calls that are among them.
func (cfg ServerConfig) options(trail *audit.Trail) ([]grpc.ServerOption, []grpc.UnaryServerInterceptor, error) {
	identities, err := cfg.identities()
	if err != nil {
		return nil, nil, err
	}
	transport, err := serverCredentials(cfg.TLS, identities.ca, cfg.Log.With("component", "grpc"))
	if err != nil {
		return nil, nil, err
	}
	measure, err := newMeter(cfg.Registerer)
	if err != nil {
		return nil, nil, fmt.Errorf("gRPC metrics: %w", err)
	}
	guard := guard{identities: identities, rules: &rules{}, audit: auditor{trail: trail}}
	shield := shield{log: cfg.Log.With("component", "grpc")}
	trace := tracer{spans: cfg.Tracer}
	// The shield is within the trace, so that its lines name the request, and
	// around all else.
	unary := []grpc.UnaryServerInterceptor{measure.unary, shield.unary, guard.unary, trace.unary, shield.unary}
	return []grpc.ServerOption{
		grpc.Creds(transport),
		grpc.ChainUnaryInterceptor(unary...),
		grpc.ChainStreamInterceptor(measure.stream, shield.stream, guard.stream, trace.stream, shield.stream),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxConcurrentStreams(maxStreams),
		// Workers keep the stacks that calls grow: a new goroutine grows its own again.
		grpc.NumStreamWorkers(uint32(4 * runtime.GOMAXPROCS(0))),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge: maxConnectionAge, MaxConnectionAgeGrace: maxAgeGrace,
			Time: 30 * time.Second, Timeout: 10 * time.Second,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}, unary, nil
}
