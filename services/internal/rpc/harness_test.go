package rpc_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	serviceToken = "service-token-of-this-test"
	adminToken   = "admin-token-of-this-test"
)

// TestMain gives the test's service a schema, since only that says who may call.
func TestMain(m *testing.M) {
	if err := describe(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// describe registers test.Test: a method of each rule.
func describe() error {
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("test/test.proto"), Package: proto.String("test"), Syntax: proto.String("proto3"),
		Dependency: []string{"google/protobuf/empty.proto", "google/protobuf/wrappers.proto"},
		Service:    []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Test")}},
	}
	for name, rule := range map[string]*accessv1.Rule{
		"Call": {Scope: accessv1.Scope_READ, Services: true}, "Watch": {Scope: accessv1.Scope_READ, Services: true},
		"Erase": {Scope: accessv1.Scope_ERASE}, "Unmapped": nil, "Empty": {},
	} {
		m := &descriptorpb.MethodDescriptorProto{
			Name: proto.String(name), InputType: proto.String(".google.protobuf.Empty"), OutputType: proto.String(".google.protobuf.StringValue"),
			Options: &descriptorpb.MethodOptions{}, ServerStreaming: proto.Bool(name == "Watch"),
		}
		if rule != nil {
			proto.SetExtension(m.Options, accessv1.E_Rule, rule)
		}
		file.Service[0].Method = append(file.Service[0].Method, m)
	}
	made, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		return err
	}
	return protoregistry.GlobalFiles.RegisterFile(made)
}

// method is what the test's one unary and one streaming method do.
type method func(ctx context.Context) (string, error)

func (m method) register(s grpc.ServiceRegistrar) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Test", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{m.desc("Call"), m.desc("Erase"), m.desc("Unmapped"), m.desc("Empty")},
		Streams: []grpc.StreamDesc{{StreamName: "Watch", ServerStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
			text, err := m(stream.Context())
			if err != nil {
				return err
			}
			return stream.SendMsg(wrapperspb.String(text))
		}}},
	}, nil)
}

func (m method) desc(name string) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, decode func(any) error, chain grpc.UnaryServerInterceptor) (any, error) {
		in := &emptypb.Empty{}
		if err := decode(in); err != nil {
			return nil, err
		}
		return chain(ctx, in, &grpc.UnaryServerInfo{FullMethod: "/test.Test/" + name}, func(ctx context.Context, _ any) (any, error) {
			text, err := m(ctx)
			return wrapperspb.String(text), err
		})
	}}
}

// serve runs a server of the method, and gives its address.
func serve(t testing.TB, cfg rpc.ServerConfig, m method, further ...func(grpc.ServiceRegistrar)) (*rpc.Server, string) {
	t.Helper()
	s, err := rpc.NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.register(s)
	for _, register := range further {
		register(s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(s.Stop)
	return s, l.Addr().String()
}

func tokens() rpc.ServerConfig {
	return rpc.ServerConfig{ServiceToken: serviceToken, AdminToken: adminToken}
}

func dial(t testing.TB, addr, token string, tls config.TLS) *grpc.ClientConn {
	t.Helper()
	conn, err := rpc.Dial(addr, token, tls)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// call asks the unary method, watch the streaming one.
func call(ctx context.Context, conn *grpc.ClientConn, options ...grpc.CallOption) (string, error) {
	return invoke(ctx, conn, "Call", options...)
}

func invoke(ctx context.Context, conn grpc.ClientConnInterface, method string, options ...grpc.CallOption) (string, error) {
	out := &wrapperspb.StringValue{}
	err := conn.Invoke(ctx, "/test.Test/"+method, &emptypb.Empty{}, out, options...)
	return out.Value, err
}

func watch(ctx context.Context, conn *grpc.ClientConn) (string, error) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/test.Test/Watch")
	if err != nil {
		return "", err
	}
	if err := stream.SendMsg(&emptypb.Empty{}); err != nil {
		return "", err
	}
	if err := stream.CloseSend(); err != nil {
		return "", err
	}
	out := &wrapperspb.StringValue{}
	err = stream.RecvMsg(out)
	return out.Value, err
}

// callOnce is call without options, as watch is.
func callOnce(ctx context.Context, conn *grpc.ClientConn) (string, error) { return call(ctx, conn) }
