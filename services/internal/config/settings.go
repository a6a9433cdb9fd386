package config

import (
	"io"
	"log/slog"
)

// NATS says where the NATS servers are and who this service is to them.
type NATS struct {
	URL   string `name:"nats-url" env:"NATTER_NATS_URL" help:"NATS server; several, parted by commas, for a cluster." default:"nats://127.0.0.1:4222" placeholder:"URL"`
	Creds string `name:"nats-creds" env:"NATTER_NATS_CREDS" help:"File with this service's nkey seed, or a .creds file." placeholder:"FILE"`
}

// HTTPListen is where the public is served.
type HTTPListen struct {
	Addr string `name:"http-addr" env:"NATTER_HTTP_ADDR" help:"Where to listen for browsers and bots." default:"${http_addr}" placeholder:"HOST:PORT"`
}

// GRPCListen is where services and admins are served.
type GRPCListen struct {
	Addr string `name:"grpc-addr" env:"NATTER_GRPC_ADDR" help:"Where to listen for gRPC of services and admins." default:"${grpc_addr}" placeholder:"HOST:PORT"`
}

// OpsListen is where operators' tools are served.
type OpsListen struct {
	Addr string `name:"ops-addr" env:"NATTER_OPS_ADDR" help:"Where to listen for /healthz, /readyz, /metrics and /debug/pprof." default:"${ops_addr}" placeholder:"HOST:PORT"`
}

// Secrets are the tokens that gRPC is called with.
type Secrets struct {
	ServiceToken string `name:"service-token" env:"NATTER_SERVICE_TOKEN" help:"The token by which services call each other." secret:"true" placeholder:"SECRET"`
	AdminToken   string `name:"admin-token" env:"NATTER_ADMIN_TOKEN" help:"The token of admins; without it there are none." secret:"true" placeholder:"SECRET"`
}

// TLS names the files that secure gRPC. All empty: no TLS.
type TLS struct {
	Cert string `name:"tls-cert" env:"NATTER_TLS_CERT" help:"Certificate of this service (PEM)." placeholder:"FILE"`
	Key  string `name:"tls-key" env:"NATTER_TLS_KEY" help:"Key of the certificate (PEM)." placeholder:"FILE"`
	CA   string `name:"tls-ca" env:"NATTER_TLS_CA" help:"Certificates of who may sign the other side's (PEM); servers then ask clients for one." placeholder:"FILE"`
}

// Log says what is logged, and how.
type Log struct {
	Level  slog.Level `name:"log-level" env:"NATTER_LOG_LEVEL" help:"Least level to log: debug, info, warn or error." default:"info" placeholder:"LEVEL"`
	Format string     `name:"log-format" env:"NATTER_LOG_FORMAT" help:"How to log: ${enum}." enum:"text,json" default:"text"`
}

// New is a logger of that kind.
func (l Log) New(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
