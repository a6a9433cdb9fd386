package history

import (
	"context"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/audit"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// maxFilter bounds what records are found by, in bytes.
const maxFilter = 128

// auditQueries is natter.history.v1.Audit.
type auditQueries struct {
	historyv1.UnimplementedAuditServer
	service *Service
}

// List tells of what admins did, the newest first.
func (q *auditQueries) List(ctx context.Context, in *historyv1.AuditListRequest) (*historyv1.AuditListResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	for field, value := range map[string]string{"who": in.GetWho(), "method": in.GetMethod(), "room": in.GetRoom(), "user": in.GetUser()} {
		if len(value) > maxFilter || strings.ContainsRune(value, 0) {
			return nil, rpc.Refuse(badField(field, "it has at most 128 bytes, and no NUL"))
		}
	}
	n := limit(in.GetLimit())
	query := store.AuditQuery{Who: in.GetWho(), Method: in.GetMethod(), Room: in.GetRoom(), Limit: n + 1}
	if user := in.GetUser(); user != "" {
		query.Users = []string{user, audit.Pseudonym(user)}
	}
	for field, moment := range map[string]struct {
		at *timestamppb.Timestamp
		ms *int64
	}{"since": {in.GetSince(), &query.Since}, "until": {in.GetUntil(), &query.Until}} {
		if moment.at == nil {
			continue
		}
		if moment.at.CheckValid() != nil || moment.at.AsTime().UnixMilli() <= 0 {
			return nil, rpc.Refuse(badField(field, "it is no moment after 1970"))
		}
		*moment.ms = moment.at.AsTime().UnixMilli()
	}
	if query.Until > 0 && query.Until <= query.Since {
		return nil, rpc.Refuse(badField("until", "it is after since"))
	}
	var ok bool
	if query.BeforeMs, query.BeforeID, ok = parseAuditCursor(in.GetCursor()); !ok {
		return nil, rpc.Refuse(badField("cursor", "it comes from the page before"))
	}
	records, err := q.service.store.Audit(ctx, query)
	if err != nil {
		return nil, q.service.storeError(err)
	}
	out := &historyv1.AuditListResponse{Records: records}
	if len(records) > n {
		last := records[n-1]
		out.Records, out.Cursor = records[:n], strconv.FormatInt(last.GetTime().AsTime().UnixMilli(), 10)+"."+last.GetId()
	}
	return out, nil
}

func parseAuditCursor(cursor string) (ms int64, id string, ok bool) {
	if cursor == "" {
		return 0, "", true
	}
	head, id, found := strings.Cut(cursor, ".")
	ms, err := strconv.ParseInt(head, 10, 64)
	return ms, id, found && err == nil && id != "" && len(id) <= maxFilter && !strings.ContainsRune(id, 0)
}
