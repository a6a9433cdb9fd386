package rpc_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	serviceToken = "service-token-of-this-test"
	adminToken   = "admin-token-of-this-test"
)

// method is what the test's one unary and one streaming method do.
type method func(ctx context.Context) (string, error)

func (m method) register(s grpc.ServiceRegistrar) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Test", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Call", Handler: func(_ any, ctx context.Context, decode func(any) error, chain grpc.UnaryServerInterceptor) (any, error) {
			in := &emptypb.Empty{}
			if err := decode(in); err != nil {
				return nil, err
			}
			return chain(ctx, in, &grpc.UnaryServerInfo{FullMethod: "/test.Test/Call"}, func(ctx context.Context, _ any) (any, error) {
				text, err := m(ctx)
				return wrapperspb.String(text), err
			})
		}}},
		Streams: []grpc.StreamDesc{{StreamName: "Watch", ServerStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
			text, err := m(stream.Context())
			if err != nil {
				return err
			}
			return stream.SendMsg(wrapperspb.String(text))
		}}},
	}, nil)
}

// serve runs a server of the method, and gives its address.
func serve(t *testing.T, cfg rpc.ServerConfig, m method) (*rpc.Server, string) {
	t.Helper()
	s, err := rpc.NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.register(s)
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

func dial(t *testing.T, addr, token string, tls config.TLS) *grpc.ClientConn {
	t.Helper()
	conn, err := rpc.Dial(addr, token, tls)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// call asks the unary method, watch the streaming one.
func call(ctx context.Context, conn *grpc.ClientConn) (string, error) {
	out := &wrapperspb.StringValue{}
	err := conn.Invoke(ctx, "/test.Test/Call", &emptypb.Empty{}, out)
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
