package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	"github.com/natter-chat/natter/services/history/store"
)

const auditColumns = "id, time_ms, service, who, method, room, user, seq, address, forwarded, code, request, duration_ms, object"

// KeepAudit implements store.Audit.
func (s *Store) KeepAudit(ctx context.Context, r *accessv1.AuditRecord) error {
	_, err := s.write.ExecContext(ctx, "INSERT INTO audit ("+auditColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
		r.GetId(), r.GetTime().AsTime().UnixMilli(), r.GetService(), r.GetWho(), r.GetMethod(), r.GetRoom(), r.GetUser(), r.GetSeq(),
		r.GetAddress(), r.GetForwarded(), r.GetCode(), r.GetRequest(), r.GetDurationMs(), r.GetObject())
	return err
}

// Audit implements store.Audit.
func (s *Store) Audit(ctx context.Context, q store.AuditQuery) ([]*accessv1.AuditRecord, error) {
	users, err := json.Marshal(q.Users)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, "SELECT "+auditColumns+` FROM audit
		WHERE (?1 = '' OR who = ?1) AND (?2 = '' OR instr(method, ?2) > 0) AND (?3 = '' OR room = ?3)
		AND (?4 = 0 OR user IN (SELECT value FROM json_each(?5)))
		AND (?6 = 0 OR time_ms >= ?6) AND (?7 = 0 OR time_ms < ?7) AND (?9 = '' OR (time_ms, id) < (?8, ?9))
		ORDER BY time_ms DESC, id DESC LIMIT ?10`,
		q.Who, q.Method, q.Room, len(q.Users), string(users), q.Since, q.Until, q.BeforeMs, q.BeforeID, q.Limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*accessv1.AuditRecord
	for rows.Next() {
		r, ms := &accessv1.AuditRecord{}, int64(0)
		if err := rows.Scan(&r.Id, &ms, &r.Service, &r.Who, &r.Method, &r.Room, &r.User, &r.Seq, &r.Address, &r.Forwarded, &r.Code, &r.Request, &r.DurationMs, &r.Object); err != nil {
			return nil, err
		}
		r.Time = timestamppb.New(time.UnixMilli(ms))
		list = append(list, r)
	}
	return list, rows.Err()
}

// ForgetAudit implements store.Audit.
func (s *Store) ForgetAudit(ctx context.Context, before int64) error {
	_, err := s.write.ExecContext(ctx, "DELETE FROM audit WHERE time_ms < ?", before)
	return err
}

// HideAudit implements store.Audit.
func (s *Store) HideAudit(ctx context.Context, user, instead string) error {
	_, err := s.write.ExecContext(ctx, "UPDATE audit SET user = ? WHERE user = ?", instead, user)
	return err
}
