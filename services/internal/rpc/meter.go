package rpc

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// meter measures how long the calls take, by method and code.
type meter struct{ seconds *prometheus.HistogramVec }

func newMeter(reg prometheus.Registerer) (meter, error) {
	m := meter{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "natter_grpc_server_seconds",
		Help:    "How long gRPC calls took, by method and status code.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"method", "code"})}
	if reg == nil {
		return m, nil
	}
	return m, reg.Register(m.seconds)
}

func (m meter) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	start := time.Now()
	reply, err := next(ctx, req)
	m.observe(info.FullMethod, start, err)
	return reply, err
}

func (m meter) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	start := time.Now()
	err := next(srv, stream)
	m.observe(info.FullMethod, start, err)
	return err
}

func (m meter) observe(method string, start time.Time, err error) {
	m.seconds.WithLabelValues(method, status.Code(err).String()).Observe(time.Since(start).Seconds())
}
