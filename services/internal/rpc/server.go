package rpc

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	// Reflection thus describes the WebSocket's frames too.
	_ "github.com/natter-chat/natter/proto/natter/client/v1"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/secret"
)

const (
	maxConnectionAge = 5 * time.Minute // then clients resolve anew, and find new replicas
	maxAgeGrace      = 30 * time.Second
	maxMessage       = 4 << 20
	maxStreams       = 1024
)

// ServerConfig of a gRPC server.
type ServerConfig struct {
	// ServiceToken lets services in, AdminToken admins; an empty one lets
	// nobody in. At least one is needed, and they must differ.
	ServiceToken, AdminToken string
	// TLS, if set, is served with; its CA, if set, must have signed the
	// clients' certificates. Tokens are asked for all the same.
	TLS config.TLS
	// Log takes panics and internal errors. Nil: [slog.Default].
	Log *slog.Logger
	// Registerer takes the metrics. Nil: none.
	Registerer prometheus.Registerer
}

// Server is a grpc.Server that authenticates every call, with health and
// reflection registered.
type Server struct {
	*grpc.Server
	health *health.Server
}

// NewServer makes a server to register services on. Its health is SERVING.
func NewServer(cfg ServerConfig) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	options, err := cfg.options()
	if err != nil {
		return nil, err
	}
	s := &Server{Server: grpc.NewServer(options...), health: health.NewServer()}
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

func (cfg ServerConfig) validate() error {
	if cfg.ServiceToken == "" && cfg.AdminToken == "" {
		return errors.New("gRPC would let nobody in: set NATTER_SERVICE_TOKEN or NATTER_ADMIN_TOKEN")
	}
	if cfg.ServiceToken == cfg.AdminToken {
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

func (cfg ServerConfig) options() ([]grpc.ServerOption, error) {
	transport, err := serverCredentials(cfg.TLS)
	if err != nil {
		return nil, err
	}
	measure, err := newMeter(cfg.Registerer)
	if err != nil {
		return nil, fmt.Errorf("gRPC metrics: %w", err)
	}
	guard := newGuard(cfg.ServiceToken, cfg.AdminToken)
	shield := shield{log: cfg.Log.With("component", "grpc")}
	return []grpc.ServerOption{
		grpc.Creds(transport),
		grpc.ChainUnaryInterceptor(measure.unary, shield.unary, guard.unary),
		grpc.ChainStreamInterceptor(measure.stream, shield.stream, guard.stream),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge: maxConnectionAge, MaxConnectionAgeGrace: maxAgeGrace,
			Time: 30 * time.Second, Timeout: 10 * time.Second,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}, nil
}
