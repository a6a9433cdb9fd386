package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// Facts implements store.Store.
func (s *Store) Facts(ctx context.Context, id string, seqs []uint32) (map[uint32]*room.Message, error) {
	facts := map[uint32]*room.Message{}
	// One moment for the message and its reactions.
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	row, err := scanRoom(tx.QueryRowContext(ctx, roomQuery, id))
	if row == nil || err != nil {
		return facts, err
	}
	for _, seq := range seqs {
		m, err := fact(ctx, tx, row.id(seq))
		if err != nil {
			return nil, err
		}
		if m != nil {
			facts[seq] = m
		}
	}
	return facts, nil
}

// fact is what decisions need of one message; nil where there is none.
func fact(ctx context.Context, tx *sql.Tx, id int64) (*room.Message, error) {
	m, stored, blob := &room.Message{}, &chatv1.Message{}, []byte(nil)
	err := tx.QueryRowContext(ctx, "SELECT user, deleted, changed, message FROM messages WHERE id = ?", id).Scan(&m.User, &m.Deleted, &m.Changed, &blob)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = proto.Unmarshal(blob, stored)
	}
	if err != nil {
		return nil, err
	}
	m.Text = room.DigestOf(stored.GetText())
	rows, err := tx.QueryContext(ctx, "SELECT emoji, user, seq FROM reactions WHERE id = ?", id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var emoji, user string
		var seq uint32
		if err := rows.Scan(&emoji, &user, &seq); err != nil {
			return nil, err
		}
		if m.Reactions == nil {
			m.Reactions = map[string]map[string]uint32{}
		}
		if m.Reactions[emoji] == nil {
			m.Reactions[emoji] = map[string]uint32{}
		}
		m.Reactions[emoji][user] = seq
	}
	return m, rows.Err()
}

// reactions are those on one message, in the order in which the kinds came.
func reactions(ctx context.Context, q interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}, id int64, user string) ([]*chatv1.Reaction, error) {
	rows, err := q.QueryContext(ctx, "SELECT emoji, count(*), max(user = ?) FROM reactions WHERE id = ? GROUP BY emoji ORDER BY min(seq)", user, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*chatv1.Reaction
	for rows.Next() {
		r := &chatv1.Reaction{}
		if err := rows.Scan(&r.Emoji, &r.Count, &r.Mine); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
