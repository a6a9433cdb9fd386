// Package collector takes traces as OpenTelemetry's own collector does, by OTLP
// over gRPC, and keeps them for a test to look at.
package collector

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"sync"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// Span as it came.
type Span struct {
	// Service and Instance whose it is.
	Service, Instance string
	Name              string
	// Trace, ID and Parent in hexadecimal; a root's Parent is empty.
	Trace, ID, Parent string
	// Attributes, each as text.
	Attributes map[string]string
	// Raw is all of it.
	Raw *tracev1.Span
}

// Collector that runs. Its methods may be called by several goroutines.
type Collector struct {
	collectorv1.UnimplementedTraceServiceServer
	server *grpc.Server
	addr   string
	hangs  chan struct{} // nil: it takes what comes

	mu    sync.Mutex
	spans []Span
	asked int
}

// Start starts a collector on a free port.
func Start() (*Collector, error) { return start(nil) }

// StartHanging starts one that takes calls and never answers them.
func StartHanging() (*Collector, error) { return start(make(chan struct{})) }

func start(hangs chan struct{}) (*Collector, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &Collector{server: grpc.NewServer(), addr: l.Addr().String(), hangs: hangs}
	collectorv1.RegisterTraceServiceServer(c.server, c)
	go func() { _ = c.server.Serve(l) }()
	return c, nil
}

// Endpoint is the URL to send to.
func (c *Collector) Endpoint() string { return "http://" + c.addr }

// Stop ends it.
func (c *Collector) Stop() { c.server.Stop() }

// Spans are all that have come.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Span(nil), c.spans...)
}

// Asked is how often somebody called.
func (c *Collector) Asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// Export is the method that exporters call.
func (c *Collector) Export(ctx context.Context, r *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	c.asked++
	c.mu.Unlock()
	if c.hangs != nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range r.GetResourceSpans() {
		who := texts(resource.GetResource().GetAttributes())
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, Span{
					Service: who["service.name"], Instance: who["service.instance.id"], Name: s.GetName(),
					Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
					Attributes: texts(s.GetAttributes()), Raw: s,
				})
			}
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

func texts(list []*commonv1.KeyValue) map[string]string {
	all := map[string]string{}
	for _, kv := range list {
		switch v := kv.GetValue().GetValue().(type) {
		case *commonv1.AnyValue_StringValue:
			all[kv.GetKey()] = v.StringValue
		case *commonv1.AnyValue_IntValue:
			all[kv.GetKey()] = fmt.Sprint(v.IntValue)
		default:
			all[kv.GetKey()] = kv.GetValue().String()
		}
	}
	return all
}
