package rpc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	_ "google.golang.org/grpc/health" // for the health checks of the service config
	"google.golang.org/grpc/keepalive"

	"github.com/natter-chat/natter/services/internal/config"
)

// serviceConfig: calls go in turn to all addresses that the name has and
// whose health is SERVING.
const serviceConfig = `{"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":""}}`

// Dial makes a connection to a gRPC target, such as "history:9090", with a
// service or admin token, or with a certificate that proves as much. It does not
// wait: calls connect. Without TLS the token travels in the clear, so then the
// network must be trusted.
func Dial(target, token string, tls config.TLS) (*grpc.ClientConn, error) {
	if target == "" {
		return nil, errors.New("no gRPC target is set")
	}
	if token == "" && tls.Cert == "" {
		return nil, fmt.Errorf("no token to call %s with: set NATTER_SERVICE_TOKEN", target)
	}
	transport, secure, err := clientCredentials(tls)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(transport),
		grpc.WithPerRPCCredentials(tokenCredentials{token: token, secure: secure}),
		grpc.WithChainUnaryInterceptor(callUnary),
		grpc.WithChainStreamInterceptor(callStream),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
	)
	if err != nil {
		return nil, fmt.Errorf("gRPC target %q: %w", target, err)
	}
	return conn, nil
}

// tokenCredentials put the token on each call.
type tokenCredentials struct {
	token  string
	secure bool
}

func (t tokenCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if t.token == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + t.token}, nil
}

func (t tokenCredentials) RequireTransportSecurity() bool { return t.secure }
