package rpc

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

// aboutNothingAlone are the methods whose requests name no room, user or other
// thing that they are about: they are about all of them.
var aboutNothingAlone = []string{
	"natter.gateway.v1.Gateways.List", "natter.history.v1.Rooms.List", "natter.history.v1.Store.Backup",
	"natter.history.v1.Store.Status", "natter.history.v1.Webhooks.List", "natter.presence.v1.Presence.Status",
	"natter.history.v1.Webhooks.Create", // the answer names it
	"natter.history.v1.Webhooks.Import", // the webhook in it does
}

// TestEveryRecordNamesItsObject: of each method there is, the audit's record
// names all that the request does: room, user, message, webhook, gateway,
// partition. A method that is about nothing in particular is known by name.
func TestEveryRecordNamesItsObject(t *testing.T) {
	methods := 0
	for _, file := range []protoreflect.FileDescriptor{
		gatewayv1.File_natter_gateway_v1_gateway_proto, presencev1.File_natter_presence_v1_presence_proto,
		historyv1.File_natter_history_v1_history_proto, historyv1.File_natter_history_v1_webhooks_proto, historyv1.File_natter_history_v1_audit_proto,
	} {
		for i := range file.Services().Len() {
			for j := range file.Services().Get(i).Methods().Len() {
				methods++
				checkObject(t, file.Services().Get(i).Methods().Get(j))
			}
		}
	}
	if methods < 40 {
		t.Errorf("only %d methods were found", methods)
	}
}

func checkObject(t *testing.T, m protoreflect.MethodDescriptor) {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName())
	if err != nil {
		t.Fatal(err)
	}
	request, want := kind.New(), []string(nil)
	for i := range m.Input().Fields().Len() {
		f := m.Input().Fields().Get(i)
		switch {
		case f.Kind() == protoreflect.StringKind && !f.IsList() && slices.Contains([]string{"room", "user", "gateway", "id"}, string(f.Name())):
			value := "the-" + string(f.Name())
			request.Set(f, protoreflect.ValueOfString(value))
			want = append(want, value)
		case f.Kind() == protoreflect.StringKind && f.IsList() && f.Name() == "users":
			request.Mutable(f).List().Append(protoreflect.ValueOfString("the-user"))
			want = append(want, "the-user")
		case f.Kind() == protoreflect.Uint32Kind && !f.IsList() && slices.Contains([]string{"seq", "partition"}, string(f.Name())):
			request.Set(f, protoreflect.ValueOfUint32(4711))
			want = append(want, "4711")
		}
	}
	e := &auditEntry{record: &accessv1.AuditRecord{}}
	e.about(request.Interface())
	if said := e.record.String(); len(want) == 0 != slices.Contains(aboutNothingAlone, string(m.FullName())) {
		t.Errorf("%s: the request names %q", m.FullName(), want)
	} else {
		for _, value := range want {
			if !strings.Contains(said, value) {
				t.Errorf("%s: the record does not say %s: %s", m.FullName(), value, said)
			}
		}
	}
}

// TestARecordNamesWhatWasMade, which no request could, and how many users one is
// about, where there are several.
func TestARecordNamesWhatWasMade(t *testing.T) {
	for _, c := range []struct {
		request, reply proto.Message
		want           *accessv1.AuditRecord
	}{
		{&historyv1.WebhooksCreateRequest{Url: "https://example.com/a-secret-path", Rooms: []string{"lobby"}},
			&historyv1.WebhooksCreateResponse{Webhook: &historyv1.Webhook{Id: "k3x9", Url: "https://example.com/a-secret-path"}, Secret: "a secret"}, &accessv1.AuditRecord{Object: "webhook k3x9"}},
		{&historyv1.WebhooksImportRequest{Kept: &historyv1.KeptWebhook{Webhook: &historyv1.Webhook{Id: "k3x9"}}}, &historyv1.WebhooksImportResponse{}, &accessv1.AuditRecord{Object: "webhook k3x9"}},
		{&historyv1.WebhooksImportRequest{Kept: &historyv1.KeptWebhook{}}, &historyv1.WebhooksImportResponse{}, &accessv1.AuditRecord{}},
		{&historyv1.WebhooksRetryDeadRequest{Id: "k3x9", Room: "lobby"}, &historyv1.WebhooksRetryDeadResponse{}, &accessv1.AuditRecord{Room: "lobby", Object: "webhook k3x9"}},
		{&historyv1.AddMembersRequest{Room: "lobby", Users: []string{"ana"}}, nil, &accessv1.AuditRecord{Room: "lobby", User: "ana"}},
		{&historyv1.AddMembersRequest{Room: "lobby", Users: []string{"ana", "ben"}}, nil, &accessv1.AuditRecord{Room: "lobby", Object: "2 users"}},
		{&gatewayv1.DrainRequest{Gateway: "7abc"}, &gatewayv1.DrainResponse{}, &accessv1.AuditRecord{Object: "gateway 7abc"}},
		{&historyv1.AcceptGapRequest{Partition: 0}, nil, &accessv1.AuditRecord{Object: "partition 0"}},
	} {
		e := &auditEntry{record: &accessv1.AuditRecord{}}
		e.about(c.request)
		e.made(c.reply)
		if !proto.Equal(e.record, c.want) {
			t.Errorf("%T: the record is %v, want %v", c.request, e.record, c.want)
		}
	}
}
