package e2e_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// bad is a request of which one field is at fault.
type bad struct{ request, field string }

// badRequests are some for every method that asks for something.
func badRequests() map[string][]bad {
	long := strings.Repeat("x", 129)
	room := bad{`{"room": "Not a room"}`, "room"}
	user := bad{`{"room": "r-of-validation", "user": "` + long + `"}`, "user"}
	cursor := bad{`{"room": "r-of-validation", "cursor": "` + long + `"}`, "cursor"}
	return map[string][]bad{
		"Rooms.Create":       {room, {`{"room": "validation-1", "kind": "PUBLIC"}`, "name"}, {`{"room": "validation-1", "name": "x", "kind": "DIRECT"}`, "kind"}, {`{"room": "validation-1", "name": "x", "kind": "PUBLIC", "owner": "` + long + `"}`, "owner"}},
		"Rooms.Get":          {room},
		"Rooms.List":         {{`{"query": "` + long + `"}`, "query"}, {`{"cursor": "` + long + `"}`, "cursor"}},
		"Rooms.ListMembers":  {room, cursor},
		"Rooms.Update":       {room, {`{"room": "r-of-validation", "name": " "}`, "name"}, {`{"room": "r-of-validation", "slowModeSeconds": 99999}`, "slowModeSeconds"}},
		"Rooms.Delete":       {room},
		"Rooms.AddMembers":   {{`{"room": "Not a room", "users": ["ana"]}`, "room"}, {`{"room": "r-of-validation"}`, "users"}, {`{"room": "r-of-validation", "users": ["` + long + `"]}`, "users"}, {`{"room": "r-of-validation", "users": ["ana"], "role": 9}`, "role"}},
		"Rooms.RemoveMember": {room, user, {`{"room": "r-of-validation", "user": "ana", "reason": "` + strings.Repeat("x", 1025) + `"}`, "reason"}},
		"Rooms.SetRole":      {room, user, {`{"room": "r-of-validation", "user": "ana"}`, "role"}},
		"Rooms.Ban":          {room, user, {`{"room": "r-of-validation", "user": "ana", "until": "2001-01-01T00:00:00Z"}`, "until"}},
		"Rooms.Unban":        {room, user},
		"Rooms.ListBans":     {room, cursor},
		"Rooms.Mute":         {room, user, {`{"room": "r-of-validation", "user": "ana", "until": "2001-01-01T00:00:00Z"}`, "until"}},
		"Rooms.Unmute":       {room, user},
		"Rooms.SetRetention": {room},
		"Rooms.ListMutes":    {room, cursor},
		"Messages.List":      {room, {`{"room": "r-of-validation", "before": 1, "after": 2}`, "around"}},
		"Messages.Get":       {room},
		"Messages.Events":    {room},
		"Messages.Post":      {{`{"room": "Not a room", "user": "ana", "text": "x", "clientMsgId": "1"}`, "room"}, {`{"room": "r-of-validation", "text": "x", "clientMsgId": "1"}`, "user"}, {`{"room": "r-of-validation", "user": "ana", "text": "x"}`, "clientMsgId"}, {`{"room": "r-of-validation", "user": "ana", "clientMsgId": "1"}`, "text"}},
		"Messages.Delete":    {room},
		"Messages.Export":    {room},
		"Messages.Import":    {{`{"room": "Not a room", "marks": [{"user": "ana", "seq": 1}]}`, "room"}},
		"Messages.Search":    {{`{}`, "query"}, {`{"query": "x", "from": "` + long + `"}`, "from"}, {`{"query": "x", "cursor": "???"}`, "cursor"}},
		"Messages.Follow":    {room},
		"Users.Revoke":       {{`{}`, "user"}, {`{"user": "ana", "before": "2999-01-01T00:00:00Z"}`, "before"}},
		"Users.Erase":        {{`{}`, "user"}, {`{"user": "natter"}`, "user"}},
		"Users.Export":       {{`{}`, "user"}},
		"Users.ListRooms":    {{`{}`, "user"}, {`{"user": "ana", "cursor": "` + long + `"}`, "cursor"}},
		"Webhooks.Create": {
			{`{"url": "http://example.com/", "rooms": ["*"]}`, "url"}, {`{"url": "https://10.1.2.3/", "rooms": ["*"]}`, "url"}, {`{"rooms": ["*"]}`, "url"},
			{`{"url": "https://example.com/"}`, "rooms"}, {`{"url": "https://example.com/", "rooms": ["Not a room"]}`, "rooms"},
			{`{"url": "https://example.com/", "rooms": ["*"], "kinds": ["no-such-kind"]}`, "kinds"}, {`{"url": "https://example.com/", "rooms": ["*"], "secret": "short"}`, "secret"},
			{`{"url": "https://example.com/", "rooms": ["*"], "name": "` + long + `"}`, "name"}, {`{"url": "https://example.com/", "rooms": ["a", "b"], "afterSeq": 1}`, "afterSeq"},
		},
		"Webhooks.Import": {
			{`{}`, "secrets"}, {`{"kept": {"webhook": {"id": "a"}, "secrets": [{}]}}`, "secrets"}, {`{"kept": {"webhook": {"id": "a"}, "secrets": [{"value": "short"}]}}`, "secrets"},
			{`{"kept": {"webhook": {"id": "a"}, "secrets": [{"value": "a secret that is long enough"}]}}`, "url"},
		},
		"Webhooks.Get":    {{`{}`, "id"}, {`{"id": "` + long + `"}`, "id"}},
		"Webhooks.Delete": {{`{}`, "id"}, {`{"id": "` + long + `"}`, "id"}},
		"Webhooks.Test":   {{`{}`, "id"}, {`{"id": "` + long + `"}`, "id"}},
		"Webhooks.Update": {
			{`{}`, "id"}, {`{"id": "x", "secret": "a secret that is long enough"}`, "secret"}, {`{"id": "x", "rotateSecret": true, "secret": "short"}`, "secret"},
			{`{"id": "x", "rotateSecret": true, "keepOldSecret": "9999999s"}`, "keepOldSecret"},
		},
		"Webhooks.ListDead":  {{`{}`, "id"}, {`{"id": "x", "room": "Not a room"}`, "room"}, {`{"id": "x", "cursor": "` + long + `"}`, "cursor"}},
		"Webhooks.RetryDead": {{`{}`, "id"}, {`{"id": "x", "room": "Not a room"}`, "room"}, {`{"id": "x", "after": 1}`, "room"}},
		"Audit.List": {
			{`{"method": "` + long + `"}`, "method"}, {`{"room": "` + long + `"}`, "room"}, {`{"user": "` + long + `"}`, "user"}, {`{"cursor": "???"}`, "cursor"},
			{`{"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}`, "until"}, {`{"who": "` + long + `"}`, "who"},
		},
		"Store.AcceptGap": {{`{"partition": 99}`, "partition"}},
		"Gateways.ListSessions": {
			{`{"user": "` + long + `"}`, "user"}, {`{"room": "` + long + `"}`, "room"}, {`{"cursor": "` + long + `"}`, "cursor"},
		},
		"Gateways.Disconnect": {{`{}`, "user"}, {`{"user": "ana", "reason": "` + long + `"}`, "reason"}},
		"Gateways.Announce":   {{`{}`, "text"}, {`{"text": "x", "room": "r", "user": "u"}`, "user"}},
		"Gateways.Drain":      {{`{"within": "7200s"}`, "within"}},
		"Presence.GetUsers":   {{`{"users": [` + strings.Repeat(`"u",`, 100) + `"u"]}`, "users"}},
		"Presence.ListRoom":   {{`{}`, "room"}},
		"Presence.Watch":      {{`{}`, "room"}},
	}
}

// nothingToMend are methods whose requests cannot be wrong.
func nothingToMend() map[string]bool {
	return map[string]bool{"Store.Status": true, "Store.Backup": true, "Gateways.List": true, "Presence.Status": true, "Webhooks.List": true}
}

// TestBadRequestsNameTheField in every method of every service, in our own
// refusal and in google.rpc.BadRequest.
func TestBadRequestsNameTheField(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		history := dialAdmin(t, d.History, d.AdminToken)
		if _, err := history.Rooms.Create(t.Context(), &historyv1.CreateRequest{Room: "r-of-validation", Name: "R", Kind: 1}); err != nil && rpc.RefusalOf(err).GetCode().String() != "CONFLICT" {
			t.Fatal(err)
		}
		cases := badRequests()
		for _, service := range []struct {
			file protoreflect.FileDescriptor
			at   string
		}{
			{historyv1.File_natter_history_v1_history_proto, d.History},
			{historyv1.File_natter_history_v1_webhooks_proto, d.History},
			{historyv1.File_natter_history_v1_audit_proto, d.History},
			{gatewayv1.File_natter_gateway_v1_gateway_proto, d.GatewayRPC[0]},
			{presencev1.File_natter_presence_v1_presence_proto, d.Presence},
		} {
			conn, err := rpc.Dial(service.at, d.AdminToken, config.TLS{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			for i := range service.file.Services().Len() {
				walk(t, conn, service.file.Services().Get(i), cases)
			}
		}
		for name := range cases {
			t.Errorf("there is no method %s", name)
		}
	})
}

// walk tries the bad requests of each method, and takes them off the list.
func walk(t *testing.T, conn *grpc.ClientConn, service protoreflect.ServiceDescriptor, cases map[string][]bad) {
	t.Helper()
	for i := range service.Methods().Len() {
		method := service.Methods().Get(i)
		name := string(service.Name()) + "." + string(method.Name())
		list := cases[name]
		delete(cases, name)
		if len(list) == 0 && !nothingToMend()[name] {
			t.Errorf("no bad request of %s is tried", name)
		}
		for _, c := range list {
			err := call(t.Context(), conn, service, method, c.request)
			if status.Code(err) != codes.InvalidArgument || rpc.RefusalOf(err).GetField() != c.field || violated(err) != c.field {
				t.Errorf("%s %.120s: field %q, violation %q, %v; want %s", name, c.request, rpc.RefusalOf(err).GetField(), violated(err), err, c.field)
			}
		}
	}
}

// call asks any method, and gives its error.
func call(ctx context.Context, conn *grpc.ClientConn, service protoreflect.ServiceDescriptor, method protoreflect.MethodDescriptor, request string) error {
	in, out := dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output())
	if err := protojson.Unmarshal([]byte(request), in); err != nil {
		return err
	}
	path := "/" + string(service.FullName()) + "/" + string(method.Name())
	if !method.IsStreamingServer() {
		return conn.Invoke(ctx, path, in, out)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, path)
	if err == nil {
		err = stream.SendMsg(in)
	}
	if err == nil {
		err = stream.CloseSend()
	}
	if err == nil {
		err = stream.RecvMsg(out)
	}
	return err
}

// violated is the field that google.rpc.BadRequest names.
func violated(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if b, ok := detail.(*errdetails.BadRequest); ok && len(b.GetFieldViolations()) == 1 {
			return b.GetFieldViolations()[0].GetField()
		}
	}
	return ""
}
