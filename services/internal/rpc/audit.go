package rpc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	"github.com/natter-chat/natter/services/internal/audit"
	"github.com/natter-chat/natter/services/internal/tracing"
)

const (
	// requestKey is the metadata by which a caller names its request.
	requestKey   = "natter-request-id"
	forwardedKey = "x-forwarded-for"
)

// errInside is what becomes of a panic.
var errInside = status.Error(codes.Internal, internalSentence)

// auditor makes the records of admins' calls.
type auditor struct{ trail *audit.Trail }

// auditEntry is the record of a call under way. Nil notes nothing.
type auditEntry struct {
	trail  *audit.Trail
	record *accessv1.AuditRecord
	began  time.Time
	hide   bool // the user's id
	asked  bool
	trace  string // empty: the call is not traced
}

type entryKey struct{}

// within is a context of the call, which names the request as the record does.
func (e *auditEntry) within(ctx context.Context) context.Context {
	if e == nil {
		return ctx
	}
	return context.WithValue(tracing.WithRequest(ctx, e.record.Request), entryKey{}, e)
}

// traced has the record of a context's call say which trace it is.
func traced(ctx context.Context, span *tracing.Span) {
	if e, ok := ctx.Value(entryKey{}).(*auditEntry); ok {
		e.trace = span.TraceID()
	}
}

// begin notes who asks for what. A service is noted only where it asks for what
// it may not have.
func (a auditor) begin(ctx context.Context, caller Caller, method string, rule *accessv1.Rule) *auditEntry {
	if !caller.Admin && rule.GetServices() {
		return nil
	}
	md, _ := metadata.FromIncomingContext(ctx)
	e := &auditEntry{
		trail: a.trail, began: time.Now(), hide: rule.GetScope() == accessv1.Scope_ERASE,
		record: &accessv1.AuditRecord{
			Id: rand.Text(), Service: serviceOf(method), Who: caller.Name, Method: method,
			Forwarded: audit.Text(first(md.Get(forwardedKey))), Request: audit.Text(first(md.Get(requestKey))),
		},
	}
	if e.record.Request == "" {
		e.record.Request = rand.Text()
	}
	if p, ok := peer.FromContext(ctx); ok {
		e.record.Address = p.Addr.String()
	}
	_ = grpc.SetHeader(ctx, metadata.Pairs(requestKey, e.record.Request)) // of use to the caller, no more
	return e
}

// about notes on whom it is done: what the first request names. What is said in
// it stays out.
func (e *auditEntry) about(req any) {
	m, ok := req.(proto.Message)
	if e == nil || e.asked || !ok {
		return
	}
	e.asked = true
	r := m.ProtoReflect()
	e.record.Room = audit.Text(text(r, "room"))
	if strings.ContainsRune(e.record.Room, ' ') {
		e.record.Room = "(not an id)" // it may be what somebody said
	}
	e.record.User = audit.Text(text(r, "user"))
	if e.record.User == "" && r.Descriptor().FullName() == "natter.history.v1.CreateRequest" {
		e.record.User = audit.Text(text(r, "owner")) // of the new room
	}
	if f := r.Descriptor().Fields().ByName("seq"); f != nil && f.Kind() == protoreflect.Uint32Kind && !f.IsList() {
		e.record.Seq = uint32(r.Get(f).Uint())
	}
	e.record.Object = object(r)
	if users := list(r, "users"); len(users) == 1 && e.record.User == "" {
		e.record.User = audit.Text(users[0])
	} else if len(users) > 1 {
		e.record.Object = fmt.Sprint(len(users), " users") // who, the events of the room say
	}
	if e.hide && e.record.User != "" {
		e.record.User = audit.Pseudonym(e.record.User)
	}
}

// made notes what the call has made, which the request could not name yet.
func (e *auditEntry) made(reply any) {
	m, ok := reply.(proto.Message)
	if e == nil || !ok || !m.ProtoReflect().IsValid() {
		return
	}
	r := m.ProtoReflect()
	if webhook, ok := part(r, "webhook"); ok && e.record.Object == "" {
		e.record.Object = "webhook " + audit.Text(text(webhook, "id"))
	}
	if room, ok := part(r, "room"); ok && e.record.Room == "" {
		e.record.Room = audit.Text(text(room, "room"))
	}
}

// object is what a request is about, beside rooms, messages and users.
func object(r protoreflect.Message) string {
	if gateway := text(r, "gateway"); gateway != "" {
		return "gateway " + audit.Text(gateway)
	}
	if id := text(r, "id"); id != "" && strings.HasPrefix(string(r.Descriptor().Name()), "Webhooks") {
		return "webhook " + audit.Text(id)
	}
	if kept, ok := part(r, "kept"); ok {
		if webhook, ok := part(kept, "webhook"); ok {
			return "webhook " + audit.Text(text(webhook, "id"))
		}
	}
	if f := r.Descriptor().Fields().ByName("partition"); f != nil && f.Kind() == protoreflect.Uint32Kind && !f.IsList() {
		return fmt.Sprint("partition ", r.Get(f).Uint())
	}
	return ""
}

// end hands the record over.
func (e *auditEntry) end(err *error) {
	if e == nil {
		return
	}
	e.record.Time = timestamppb.Now()
	e.record.Code = codeOf(*err).String()
	e.record.DurationMs = uint32(time.Since(e.began).Milliseconds())
	e.trail.Record(e.record, e.trace)
}

// codeOf is the code with which an error leaves, see [shield].
func codeOf(err error) codes.Code {
	var meant interface{ GRPCStatus() *status.Status }
	switch {
	case err == nil:
		return codes.OK
	case errors.As(err, &meant):
		return meant.GRPCStatus().Code()
	case errors.Is(err, context.Canceled):
		return codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	}
	return codes.Internal
}

// serviceOf is whose a method is: "/natter.history.v1.Rooms/Get" is history's.
func serviceOf(method string) string {
	parts := strings.Split(method, ".")
	if len(parts) < 3 || parts[0] != "/natter" {
		return "grpc"
	}
	return parts[1]
}

func text(m protoreflect.Message, name protoreflect.Name) string {
	f := m.Descriptor().Fields().ByName(name)
	if f == nil || f.Kind() != protoreflect.StringKind || f.IsList() {
		return ""
	}
	return m.Get(f).String()
}

func list(m protoreflect.Message, name protoreflect.Name) (all []string) {
	f := m.Descriptor().Fields().ByName(name)
	if f == nil || f.Kind() != protoreflect.StringKind || !f.IsList() {
		return nil
	}
	for i := range m.Get(f).List().Len() {
		all = append(all, m.Get(f).List().Get(i).String())
	}
	return all
}

// part is a message within another, if it is there.
func part(m protoreflect.Message, name protoreflect.Name) (protoreflect.Message, bool) {
	f := m.Descriptor().Fields().ByName(name)
	if f == nil || f.Kind() != protoreflect.MessageKind || f.IsList() || f.IsMap() || !m.Has(f) {
		return nil, false
	}
	return m.Get(f).Message(), true
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
