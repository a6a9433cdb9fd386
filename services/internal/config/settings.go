package config

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/natter-chat/natter/services/internal/certs"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// NATS says where the NATS servers are and who this service is to them.
type NATS struct {
	URL   string `name:"nats-url" env:"NATTER_NATS_URL" help:"NATS server; several, parted by commas, for a cluster." default:"nats://127.0.0.1:4222" placeholder:"URL"`
	Creds string `name:"nats-creds" env:"NATTER_NATS_CREDS" help:"File with this service's nkey seed, or a .creds file." placeholder:"FILE"`
	CA    string `name:"nats-ca" env:"NATTER_NATS_CA" help:"Certificates of who may sign those of the NATS servers (PEM); with it, only TLS will do." placeholder:"FILE"`
	Cert  string `name:"nats-cert" env:"NATTER_NATS_CERT" help:"Certificate to show to the NATS servers (PEM), where they ask for one." placeholder:"FILE"`
	Key   string `name:"nats-key" env:"NATTER_NATS_KEY" help:"Key of that certificate (PEM)." placeholder:"FILE"`
}

// TLS are the files to connect to NATS with.
func (n NATS) TLS() certs.Files {
	return certs.Files{Setting: "NATTER_NATS", Cert: n.Cert, Key: n.Key, CA: n.CA}
}

// HTTPListen is where the public is served.
type HTTPListen struct {
	Addr string `name:"http-addr" env:"NATTER_HTTP_ADDR" help:"Where to listen for browsers and bots." default:"${http_addr}" placeholder:"HOST:PORT"`
}

// GRPCListen is where services and admins are served.
type GRPCListen struct {
	Addr string `name:"grpc-addr" env:"NATTER_GRPC_ADDR" help:"Where to listen for gRPC of services and admins." default:"${grpc_addr}" placeholder:"HOST:PORT"`
}

// HTTPTLS names the files that secure what the public is served. Both empty: no
// TLS.
type HTTPTLS struct {
	Cert string `name:"http-tls-cert" env:"NATTER_HTTP_TLS_CERT" help:"Certificate for browsers and bots (PEM), where no proxy ends TLS before this service." placeholder:"FILE"`
	Key  string `name:"http-tls-key" env:"NATTER_HTTP_TLS_KEY" help:"Key of that certificate (PEM)." placeholder:"FILE"`
}

// Listener serves l with TLS where the files are set; HTTP/1.1 alone, since
// WebSockets need it.
func (h HTTPTLS) Listener(l net.Listener, log *slog.Logger) (net.Listener, error) {
	files := certs.Files{Setting: "NATTER_HTTP_TLS", Cert: h.Cert, Key: h.Key}
	if files.None() {
		return l, nil
	}
	c, err := files.Server(log)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(l, c), nil
}

// OpsListen is where operators' tools are served.
type OpsListen struct {
	Addr string `name:"ops-addr" env:"NATTER_OPS_ADDR" help:"Where to listen for /healthz, /readyz, /metrics and /debug/pprof." default:"${ops_addr}" placeholder:"HOST:PORT"`
}

// Secrets are the tokens that gRPC is called with.
type Secrets struct {
	ServiceToken string `name:"service-token" env:"NATTER_SERVICE_TOKEN" help:"The token by which services call each other." secret:"true" placeholder:"SECRET"`
	AdminToken   string `name:"admin-token" env:"NATTER_ADMIN_TOKEN" help:"The token of an admin who may do everything." secret:"true" placeholder:"SECRET"`
	Tokens       string `name:"admin-tokens-file" env:"NATTER_ADMIN_TOKENS_FILE" help:"File of further admins: a line name, scopes, digest for each token. It is read again when it changes." placeholder:"FILE"`
	ClientCA     string `name:"grpc-client-ca" env:"NATTER_GRPC_CLIENT_CA" help:"Certificates of who signs those of admins (PEM), who then need no token; the file of admins says who may what." placeholder:"FILE"`
}

// TLS names the files that secure gRPC. All empty: no TLS.
type TLS struct {
	Cert string `name:"tls-cert" env:"NATTER_TLS_CERT" help:"Certificate of this service (PEM)." placeholder:"FILE"`
	Key  string `name:"tls-key" env:"NATTER_TLS_KEY" help:"Key of the certificate (PEM)." placeholder:"FILE"`
	CA   string `name:"tls-ca" env:"NATTER_TLS_CA" help:"Certificates of who may sign the other side's (PEM); servers then ask clients for one." placeholder:"FILE"`
}

// Trace says what is traced, and who is told.
type Trace struct {
	Endpoint string  `name:"otlp-endpoint" env:"NATTER_OTLP_ENDPOINT" help:"OpenTelemetry collector that takes traces (OTLP over gRPC), such as http://otel:4317, or https://; empty: nothing is traced." placeholder:"URL"`
	Ratio    float64 `name:"trace-ratio" env:"NATTER_TRACE_RATIO" help:"Share of the requests that are traced, 0 to 1." default:"0.01" placeholder:"RATIO"`
}

// New is the tracer of a service, or nil where no collector is named.
func (t Trace) New(ctx context.Context, service string, log *slog.Logger, reg prometheus.Registerer) (*tracing.Tracer, error) {
	return tracing.New(ctx, tracing.Config{
		Endpoint: t.Endpoint, Ratio: t.Ratio, Service: service, Instance: natsx.Instance(), Log: log, Registerer: reg,
	})
}

// Log says what is logged, and how.
type Log struct {
	Level  slog.Level `name:"log-level" env:"NATTER_LOG_LEVEL" help:"Least level to log: debug, info, warn or error." default:"info" placeholder:"LEVEL"`
	Format string     `name:"log-format" env:"NATTER_LOG_FORMAT" help:"How to log: ${enum}." enum:"text,json" default:"text"`
}

// New is a logger of that kind; lines of a request name it, and its trace.
func (l Log) New(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(tracing.Logs(slog.NewJSONHandler(w, options)))
	}
	return slog.New(tracing.Logs(slog.NewTextHandler(w, options)))
}
