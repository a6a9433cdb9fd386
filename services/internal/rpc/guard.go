package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	"github.com/natter-chat/natter/services/internal/access"
)

// guard lets in who may call a method, and tells the handler who it is. What
// admins ask for goes into the audit, whether or not they get it. Its
// errors carry no Refusal: they are about the program that calls, not about
// the user for whom it does.
type guard struct {
	identities identities
	rules      *rules
	audit      auditor
}

func (g guard) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (reply any, err error) {
	if open(info.FullMethod) {
		return next(ctx, req)
	}
	caller, err := g.identities.identify(ctx)
	if err != nil {
		return nil, err
	}
	rule := g.rules.of(info.FullMethod)
	entry := g.audit.begin(ctx, caller, info.FullMethod, rule)
	entry.about(req)
	defer entry.end(&err)
	if err := may(caller, rule); err != nil {
		return nil, err
	}
	err = errInside // in the audit, unless next returns
	reply, err = next(entry.within(context.WithValue(ctx, callerKey{}, caller)), req)
	if err == nil {
		entry.made(reply)
	}
	return reply, err
}

func (g guard) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	if open(info.FullMethod) {
		return next(srv, stream)
	}
	caller, err := g.identities.identify(stream.Context())
	if err != nil {
		return err
	}
	rule := g.rules.of(info.FullMethod)
	entry := g.audit.begin(stream.Context(), caller, info.FullMethod, rule)
	defer entry.end(&err)
	if err := may(caller, rule); err != nil {
		if entry != nil && !info.IsClientStream {
			entry.about(asked(stream, info.FullMethod))
		}
		return err
	}
	err = errInside // in the audit, unless next returns
	err = next(srv, &known{ServerStream: stream, ctx: entry.within(context.WithValue(stream.Context(), callerKey{}, caller)), entry: entry})
	return err
}

// asked is the one request of a stream that is refused, for the audit; nil where
// it cannot be read.
func asked(stream grpc.ServerStream, method string) proto.Message {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	m, ok := found.(protoreflect.MethodDescriptor)
	if err != nil || !ok {
		return nil
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName())
	if err != nil {
		return nil
	}
	request := kind.New().Interface()
	if stream.RecvMsg(request) != nil {
		return nil
	}
	return request
}

// known is a stream whose caller is known.
type known struct {
	grpc.ServerStream
	ctx   context.Context
	entry *auditEntry
}

func (k *known) Context() context.Context { return k.ctx }

func (k *known) RecvMsg(m any) error {
	err := k.ServerStream.RecvMsg(m)
	if err == nil {
		k.entry.about(m)
	}
	return err
}

// may tells whether the rule lets the caller in, and else what would.
func may(caller Caller, rule *accessv1.Rule) error {
	switch {
	case rule == nil:
		return status.Error(codes.PermissionDenied, "nobody may call this method: its schema does not say who may (natter.access.v1.rule)")
	case caller.Admin && caller.Scopes.Has(rule.GetScope()), !caller.Admin && rule.GetServices():
		return nil
	case caller.Admin:
		return status.Errorf(codes.PermissionDenied, "this needs the scope %s; %s has %s", access.Name(rule.GetScope()), caller.Name, caller.Scopes)
	}
	return status.Errorf(codes.PermissionDenied, "this is for admins with the scope %s, not for services", access.Name(rule.GetScope()))
}
