package history

import (
	"context"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// gate registers services whose methods are closed while closed gives a
// reason. Who asks is looked at first: strangers are not told the reason.
type gate struct {
	grpc.ServiceRegistrar
	closed func() error
	always []string // names of methods that are never closed
}

// RegisterService is [grpc.ServiceRegistrar].
func (g gate) RegisterService(open *grpc.ServiceDesc, service any) {
	desc := *open
	desc.Methods, desc.Streams = slices.Clone(open.Methods), slices.Clone(open.Streams)
	for i := range desc.Methods {
		if slices.Contains(g.always, desc.Methods[i].MethodName) {
			continue
		}
		desc.Methods[i].Handler = g.method(open.Methods[i].Handler)
	}
	for i, s := range open.Streams {
		desc.Streams[i].Handler = func(service any, stream grpc.ServerStream) error {
			if err := g.closed(); err != nil {
				return status.Error(codes.Unavailable, err.Error())
			}
			return s.Handler(service, stream)
		}
	}
	g.ServiceRegistrar.RegisterService(&desc, service)
}

func (g gate) method(open grpc.MethodHandler) grpc.MethodHandler {
	return func(service any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
		return open(service, ctx, decode, func(ctx context.Context, in any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			inside := func(ctx context.Context, in any) (any, error) {
				if err := g.closed(); err != nil {
					return nil, status.Error(codes.Unavailable, err.Error())
				}
				return next(ctx, in)
			}
			if around == nil {
				return inside(ctx, in)
			}
			return around(ctx, in, info, inside)
		})
	}
}
