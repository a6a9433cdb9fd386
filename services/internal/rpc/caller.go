package rpc

import (
	"context"
	"net/url"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/natter-chat/natter/services/internal/access"
)

const (
	userKey = "natter-user"
	maxUser = 128 // bytes of a user id
)

// Caller is who a call is by.
type Caller struct {
	// Admin says that an admin calls, who holds the scope that the method needs.
	Admin bool
	// Name of the admin or of the service.
	Name string
	// Scopes that an admin holds.
	Scopes access.Scopes
	// User is for whom a service calls; empty where it named none.
	User string
}

type callerKey struct{}

// CallerOf is who made the call of this context, as the server found; nobody,
// with no rights, outside of a call.
func CallerOf(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}

// AsUser names the user for whom the calls made with the context are.
func AsUser(ctx context.Context, user string) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx) // a copy
	if md == nil {
		md = metadata.MD{}
	}
	md.Set(userKey, url.PathEscape(user))
	return metadata.NewOutgoingContext(ctx, md)
}

// actingUser is the user that a service named, or "".
func actingUser(md metadata.MD) (string, error) {
	values := md.Get(userKey)
	if len(values) == 0 {
		return "", nil
	}
	user, err := url.PathUnescape(values[0])
	if err != nil || len(values) > 1 || user == "" || len(user) > maxUser || !utf8.ValidString(user) {
		return "", status.Error(codes.InvalidArgument, "the metadata natter-user must be one percent-encoded user id of 1 to 128 bytes")
	}
	return user, nil
}
