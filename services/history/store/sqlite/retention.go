package sqlite

import (
	"context"
	"database/sql"
	"errors"

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
	query := "SELECT room, head, since, retention FROM rooms WHERE room > ? ORDER BY room LIMIT ?"
	if own {
		query = "SELECT room, head, since, retention FROM rooms WHERE room > ? AND retention != x'' ORDER BY room LIMIT ?"
	}
	rows, err := s.read.QueryContext(ctx, query, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []store.Kept
	for rows.Next() {
		var k store.Kept
		var blob []byte
		if err := rows.Scan(&k.Room, &k.Head, &k.Since, &blob); err != nil {
			return nil, err
		}
		if k.Retention, err = retentionOf(blob); err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, rows.Err()
}

// Due implements store.Store.
func (s *Store) Due(ctx context.Context, q store.DueQuery) (store.Due, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.Due{}, err
	}
	defer func() { _ = tx.Rollback() }()
	row, err := scanRoom(tx.QueryRowContext(ctx, roomQuery, q.Room))
	if row == nil || err != nil {
		return store.Due{}, err
	}
	var kept int64 // id of the oldest that is not too many
	if q.Count > 0 {
		err := tx.QueryRowContext(ctx, "SELECT id FROM messages WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1 OFFSET ?", row.id(0), row.id(^uint32(0)), int64(q.Count)-1).Scan(&kept)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return store.Due{}, err
		}
	}
	rows, err := tx.QueryContext(ctx, "SELECT id, message FROM messages WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?", row.id(max(q.Since, row.since)), row.id(^uint32(0)), q.Limit+1)
	if err != nil {
		return store.Due{}, err
	}
	defer rows.Close()
	due := store.Due{Head: row.head}
	for rows.Next() {
		var id int64
		var blob sql.RawBytes
		if err := rows.Scan(&id, &blob); err != nil {
			return store.Due{}, err
		}
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return store.Due{}, err
		}
		if sent := m.GetTime().AsTime().UnixMilli(); id >= kept && sent >= q.BeforeMs {
			due.OldestMs = sent
			break
		}
		if due.Messages == q.Limit {
			due.More = true
			break
		}
		due.Before, due.Messages = m.GetSeq()+1, due.Messages+1
	}
	return due, rows.Err()
}
