package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// retentionOf is a room's own retention, as the column has it.
func retentionOf(blob []byte) (*chatv1.Retention, error) {
	set := &chatv1.RetentionSet{}
	err := proto.Unmarshal(blob, set)
	return set.Retention, err
}

// Kept implements store.Store.
func (s *Store) Kept(ctx context.Context, after string, own bool, limit int) ([]store.Kept, error) {
	query := "SELECT room, head, since, retention FROM rooms WHERE room > $1 ORDER BY room LIMIT $2"
	if own {
		query = "SELECT room, head, since, retention FROM rooms WHERE room > $1 AND retention <> '' ORDER BY room LIMIT $2"
	}
	rows, err := s.pool.Query(ctx, query, text(after), limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (k store.Kept, err error) {
		var blob []byte
		if err := row.Scan(&k.Room, &k.Head, &k.Since, &blob); err != nil {
			return k, err
		}
		k.Retention, err = retentionOf(blob)
		return k, err
	})
}

const (
	keptQuery = "SELECT id FROM messages WHERE id >= " + first + " AND id < " + first + " + 4294967296 ORDER BY id DESC LIMIT 1 OFFSET $2"
	dueQuery  = "SELECT id, message FROM messages WHERE id >= " + first + " + greatest($2, (SELECT since FROM rooms WHERE room = $1)) AND id < " + first + " + 4294967296 ORDER BY id LIMIT $3"
)

// Due implements store.Store.
func (s *Store) Due(ctx context.Context, q store.DueQuery) (store.Due, error) {
	var due store.Due
	err := s.moment(ctx, func(tx pgx.Tx) error {
		due = store.Due{}
		if err := found(tx.QueryRow(ctx, "SELECT head FROM rooms WHERE room = $1", text(q.Room)).Scan(&due.Head)); err == store.ErrNotFound {
			return nil
		} else if err != nil {
			return err
		}
		var kept int64 // id of the oldest that is not too many
		if q.Count > 0 {
			err := found(tx.QueryRow(ctx, keptQuery, text(q.Room), int64(q.Count)-1).Scan(&kept))
			if err != nil && err != store.ErrNotFound {
				return err
			}
		}
		rows, err := tx.Query(ctx, dueQuery, text(q.Room), int64(q.Since), q.Limit+1)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id int64
			var blob []byte
			if err := rows.Scan(&id, &blob); err != nil {
				return err
			}
			m := &chatv1.Message{}
			if err := proto.Unmarshal(blob, m); err != nil {
				return err
			}
			if sent := m.GetTime().AsTime().UnixMilli(); id >= kept && sent >= q.BeforeMs {
				due.OldestMs = sent
				return nil
			}
			if due.Messages == q.Limit {
				due.More = true
				return nil
			}
			due.Before, due.Messages = m.GetSeq()+1, due.Messages+1
		}
		return rows.Err()
	})
	return due, err
}
