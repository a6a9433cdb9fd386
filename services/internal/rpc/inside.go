package rpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// ReadOnly promises of a call that its answer will not be changed. Within one
// process the caller then shares the answer with whoever else has it, and gets
// no copy. Over the network it means nothing.
type ReadOnly struct{ grpc.EmptyCallOption }

// Inside is a connection from the server's own process. Its calls are function
// calls: they pass the same interceptors, with the token as proof, and run in
// the caller's goroutine, so that a call whose context has ended still returns
// only when its method does. Methods get their deadline, and of the context's
// values the outgoing metadata alone. It has no streams, and of a call's options
// it heeds [ReadOnly] only. To be used when all services are registered.
func (s *Server) Inside(token string) grpc.ClientConnInterface {
	return &inside{methods: s.inside, around: s.around, credentials: tokenCredentials{token: token}}
}

// RegisterService is [grpc.ServiceRegistrar].
func (s *Server) RegisterService(desc *grpc.ServiceDesc, service any) {
	s.Server.RegisterService(desc, service)
	for _, m := range desc.Methods {
		s.inside["/"+desc.ServiceName+"/"+m.MethodName] = registered{service: service, handle: m.Handler}
	}
}

// registered is a method that was registered.
type registered struct {
	service any
	handle  grpc.MethodHandler
}

type inside struct {
	methods     map[string]registered
	around      grpc.UnaryServerInterceptor
	credentials tokenCredentials
}

func (c *inside) Invoke(ctx context.Context, method string, request, reply any, options ...grpc.CallOption) error {
	ctx, span := calling(ctx, method)
	err := c.invoke(ctx, method, request, reply, options)
	end(span, err)
	return err
}

func (c *inside) invoke(ctx context.Context, method string, request, reply any, options []grpc.CallOption) error {
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	m, ok := c.methods[method]
	if !ok {
		return status.Errorf(codes.Unimplemented, "there is no method %s", method)
	}
	arrived, leave, err := c.arrive(ctx)
	if err != nil {
		return err
	}
	defer leave()
	answer, err := m.handle(m.service, arrived, func(in any) error { return hand(in, request, false) }, c.around)
	if err != nil {
		return status.Convert(err).Err()
	}
	return hand(reply, answer, readOnly(options))
}

func (*inside) NewStream(_ context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Errorf(codes.Unimplemented, "%s is a stream, which the program itself has no use for", method)
}

var fromInside = &peer.Peer{Addr: here{}}

// here is an address that says that nothing came over a network.
type here struct{}

func (here) Network() string { return "in-process" }
func (here) String() string  { return "in-process" }

// arrive is the context that a method gets. It ends with the caller's, but is
// not made from it: what the caller keeps in its own is not for the method.
func (c *inside) arrive(ctx context.Context) (arrived context.Context, leave func(), err error) {
	md, _ := metadata.FromOutgoingContext(ctx) // a copy
	if md == nil {
		md = metadata.MD{}
	}
	proof, err := c.credentials.GetRequestMetadata(ctx)
	if err != nil {
		return nil, nil, err
	}
	for key, value := range proof {
		md.Set(key, value)
	}
	arrived = peer.NewContext(metadata.NewIncomingContext(context.Background(), md), fromInside)
	var cancel context.CancelFunc
	if deadline, ok := ctx.Deadline(); ok {
		arrived, cancel = context.WithDeadline(arrived, deadline)
	} else {
		arrived, cancel = context.WithCancel(arrived)
	}
	stop := context.AfterFunc(ctx, cancel)
	return arrived, func() { stop(); cancel() }, nil
}

// chain makes one interceptor of several, the first around all others.
func chain(all []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	if len(all) == 1 {
		return all[0]
	}
	rest := chain(all[1:])
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		return all[0](ctx, request, info, func(ctx context.Context, request any) (any, error) {
			return rest(ctx, request, info, next)
		})
	}
}

func readOnly(options []grpc.CallOption) bool {
	for _, o := range options {
		if _, ok := o.(ReadOnly); ok {
			return true
		}
	}
	return false
}

// hand gives what one side has to the other: a copy, or with shared another
// message of the same parts.
func hand(to, from any, shared bool) error {
	dst, ok := to.(proto.Message)
	src, ours := from.(proto.Message)
	if !ok || !ours {
		return status.Error(codes.Internal, fmt.Sprintf("not messages: %T, %T", to, from))
	}
	proto.Reset(dst)
	if !shared {
		proto.Merge(dst, src)
		return nil
	}
	d, s := dst.ProtoReflect(), src.ProtoReflect()
	s.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		d.Set(f, v)
		return true
	})
	d.SetUnknown(s.GetUnknown())
	return nil
}
