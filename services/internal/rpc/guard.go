package rpc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	healthPrefix     = "/grpc.health.v1.Health/"
	reflectionPrefix = "/grpc.reflection."
	bearer           = "bearer "
)

// guard lets in who holds a token, and tells the handler who it is. Its
// errors carry no Refusal: they are about the program that calls, not about
// the user for whom it does.
type guard struct{ service, admin *[sha256.Size]byte }

func newGuard(service, admin string) guard {
	return guard{service: digest(service), admin: digest(admin)}
}

// digest of a token, or nil for none. Digests have one length, so that
// comparing them takes one time.
func digest(token string) *[sha256.Size]byte {
	if token == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(token))
	return &sum
}

func same(a, b *[sha256.Size]byte) bool {
	return a != nil && b != nil && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func (g guard) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	ctx, err := g.admit(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	return next(ctx, req)
}

func (g guard) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	ctx, err := g.admit(stream.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	return next(srv, known{ServerStream: stream, ctx: ctx})
}

// known is a stream whose caller is known.
type known struct {
	grpc.ServerStream
	ctx context.Context
}

func (k known) Context() context.Context { return k.ctx }

func (g guard) admit(ctx context.Context, method string) (context.Context, error) {
	if strings.HasPrefix(method, healthPrefix) {
		return ctx, nil
	}
	caller, err := g.identify(ctx)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(method, reflectionPrefix) && !caller.Admin {
		return nil, status.Error(codes.PermissionDenied, "reflection is for admins: use the admin token")
	}
	return context.WithValue(ctx, callerKey{}, caller), nil
}

func (g guard) identify(ctx context.Context) (Caller, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	token, ok := bearerToken(md)
	if !ok {
		return Caller{}, status.Error(codes.Unauthenticated, "no token: send the metadata authorization: Bearer <token>")
	}
	given := digest(token)
	if same(given, g.admin) {
		return Caller{Admin: true}, nil
	}
	if !same(given, g.service) {
		return Caller{}, status.Error(codes.Unauthenticated, "the token is neither the service token nor the admin token of this server")
	}
	user, err := actingUser(md)
	return Caller{User: user}, err
}

func bearerToken(md metadata.MD) (string, bool) {
	values := md.Get("authorization")
	if len(values) != 1 || len(values[0]) <= len(bearer) || !strings.EqualFold(values[0][:len(bearer)], bearer) {
		return "", false
	}
	return values[0][len(bearer):], true
}
