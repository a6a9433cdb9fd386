package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	"github.com/natter-chat/natter/services/history/store"
)

const auditColumns = `id, time_ms, service, who, method, room, "user", seq, address, forwarded, code, request, duration_ms, object`

// KeepAudit implements store.Audit.
func (s *Store) KeepAudit(ctx context.Context, r *accessv1.AuditRecord) error {
	_, err := s.pool.Exec(ctx, "INSERT INTO audit ("+auditColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING",
		r.GetId(), r.GetTime().AsTime().UnixMilli(), r.GetService(), r.GetWho(), r.GetMethod(), r.GetRoom(), r.GetUser(), int64(r.GetSeq()),
		r.GetAddress(), r.GetForwarded(), r.GetCode(), r.GetRequest(), int64(r.GetDurationMs()), r.GetObject())
	return err
}

// Audit implements store.Audit.
func (s *Store) Audit(ctx context.Context, q store.AuditQuery) ([]*accessv1.AuditRecord, error) {
	rows, err := s.pool.Query(ctx, "SELECT "+auditColumns+` FROM audit
		WHERE ($1::text = '' OR who = $1) AND ($2::text = '' OR position($2 in method) > 0) AND ($3::text = '' OR room = $3)
		AND (cardinality($4::text[]) = 0 OR "user" = ANY ($4))
		AND ($5::bigint = 0 OR time_ms >= $5) AND ($6::bigint = 0 OR time_ms < $6)
		AND ($8::text = '' OR time_ms < $7::bigint OR time_ms = $7 AND id COLLATE "C" < $8)
		ORDER BY time_ms DESC, id COLLATE "C" DESC LIMIT $9`,
		q.Who, q.Method, q.Room, append([]string{}, q.Users...), q.Since, q.Until, q.BeforeMs, q.BeforeID, q.Limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*accessv1.AuditRecord, error) {
		r, ms := &accessv1.AuditRecord{}, int64(0)
		err := row.Scan(&r.Id, &ms, &r.Service, &r.Who, &r.Method, &r.Room, &r.User, &r.Seq, &r.Address, &r.Forwarded, &r.Code, &r.Request, &r.DurationMs, &r.Object)
		r.Time = timestamppb.New(time.UnixMilli(ms))
		return r, err
	})
}

// ForgetAudit implements store.Audit.
func (s *Store) ForgetAudit(ctx context.Context, before int64) error {
	_, err := s.pool.Exec(ctx, "DELETE FROM audit WHERE time_ms < $1", before)
	return err
}

// HideAudit implements store.Audit.
func (s *Store) HideAudit(ctx context.Context, user, instead string) error {
	_, err := s.pool.Exec(ctx, `UPDATE audit SET "user" = $1 WHERE "user" = $2`, instead, user)
	return err
}
