package history

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/audit"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// TestAuditOfAnotherService is kept under that service's name, whatever it says
// of itself, once however often it comes, and bounded.
func TestAuditOfAnotherService(t *testing.T) {
	r := start(t, natstest.Start(t), t.TempDir())
	keep := audit.Over(r.gateway, natsx.Gateway)
	record := &accessv1.AuditRecord{
		Id: "one", Time: timestamppb.Now(), Service: "history", Who: "ci\x00\n", Method: "/natter.gateway.v1.Gateways/Disconnect", User: strings.Repeat("é", 1000), Code: "OK",
	}
	for range 2 {
		if err := keep(t.Context(), record); err != nil {
			t.Fatal(err)
		}
	}
	if err := keep(t.Context(), &accessv1.AuditRecord{}); err == nil || !strings.Contains(err.Error(), "no natter.access.v1.AuditRecord") {
		t.Errorf("an empty record: %v", err)
	}
	reply, err := r.gateway.Request(subject.Audit(natsx.Gateway), []byte("\xff\xff"), 20*time.Second)
	if err != nil || len(reply.Data) == 0 {
		t.Errorf("what is no record: %v, %v", reply, err)
	}
	list, err := historyv1.NewAuditClient(r.grpc(usersAdminToken)).List(t.Context(), &historyv1.AuditListRequest{Method: "Disconnect"})
	if err != nil || len(list.GetRecords()) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if got := list.GetRecords()[0]; got.GetService() != natsx.Gateway || got.GetWho() != "ci??" || got.GetUser() != strings.Repeat("é", 64) {
		t.Errorf("kept is %v", got)
	}
}

// TestOldAuditIsForgotten once it is as old as the setting says.
func TestOldAuditIsForgotten(t *testing.T) {
	r := start(t, natstest.Start(t), t.TempDir())
	now := time.Now()
	for id, age := range map[string]time.Duration{"old": 8761 * time.Hour, "young": 8759 * time.Hour} {
		if err := r.KeepAudit(t.Context(), &accessv1.AuditRecord{Id: id, Time: timestamppb.New(now.Add(-age)), Method: "/natter.x/" + id}); err != nil {
			t.Fatal(err)
		}
	}
	r.cfg.AuditKeep = 8760 * time.Hour
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { r.forgetAudit(ctx); close(ended) }()
	users := historyv1.NewAuditClient(r.grpc(usersAdminToken))
	natstest.Eventually(t, 30*time.Second, "the old record is gone", func() bool {
		list, err := users.List(t.Context(), &historyv1.AuditListRequest{Method: "natter.x"})
		return err == nil && len(list.GetRecords()) == 1 && list.GetRecords()[0].GetId() == "young"
	})
	stop()
	<-ended
}

// TestAuditListRefuses what it cannot look for, and names the field.
func TestAuditListRefuses(t *testing.T) {
	r := start(t, natstest.Start(t), t.TempDir())
	client := historyv1.NewAuditClient(r.grpc(usersAdminToken))
	for field, in := range map[string]*historyv1.AuditListRequest{
		"who": {Who: strings.Repeat("a", 129)}, "method": {Method: strings.Repeat("a", 129)}, "room": {Room: "a\x00"}, "user": {User: strings.Repeat("a", 129)},
		"since": {Since: &timestamppb.Timestamp{Nanos: -1}}, "until": {Until: &timestamppb.Timestamp{Seconds: -5}}, "cursor": {Cursor: "17"},
	} {
		_, err := client.List(t.Context(), in)
		if refusal := rpc.RefusalOf(err); status.Code(err) != codes.InvalidArgument || refusal.GetField() != field {
			t.Errorf("%s: %v, %v", field, err, refusal)
		}
	}
	if _, err := historyv1.NewAuditClient(r.grpc(usersServiceToken)).List(t.Context(), &historyv1.AuditListRequest{}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a service: %v", err)
	}
}
