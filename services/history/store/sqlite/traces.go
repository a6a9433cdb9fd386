package sqlite

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// Heads implements store.Store.
func (s *Store) Heads(ctx context.Context, after string, limit int) ([]store.Head, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT room, head FROM rooms WHERE room > ? ORDER BY room LIMIT ?", after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []store.Head
	for rows.Next() {
		var h store.Head
		if err := rows.Scan(&h.Room, &h.Seq); err != nil {
			return nil, err
		}
		list = append(list, h)
	}
	return list, rows.Err()
}

// Traces implements store.Store. SQL finds all rows with the id in them, of
// which some may have it in a text, or as a part of another.
func (s *Store) Traces(ctx context.Context, user, id string, after, to uint32) ([]uint32, error) {
	row, err := s.roomRow(ctx, id)
	if row == nil || err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT id, false, event FROM events WHERE id > ?1 AND id <= ?2 AND instr(event, ?3) > 0
		UNION ALL SELECT id, true, message FROM messages WHERE id > ?1 AND id <= ?2 AND instr(message, ?3) > 0`, row.id(after), row.id(to), []byte(user))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var seqs []uint32
	for rows.Next() {
		var key int64
		var isMessage bool
		var blob []byte
		if err := rows.Scan(&key, &isMessage, &blob); err != nil {
			return nil, err
		}
		tells, err := tellsOf(user, isMessage, blob)
		if err != nil {
			return nil, err
		}
		if tells {
			seqs = append(seqs, uint32(key))
		}
	}
	slices.Sort(seqs)
	return seqs, rows.Err()
}

func tellsOf(user string, isMessage bool, blob []byte) (bool, error) {
	if isMessage {
		m := &chatv1.Message{}
		err := proto.Unmarshal(blob, m)
		return m.GetUser() == user, err
	}
	e := &chatv1.Event{}
	err := proto.Unmarshal(blob, e)
	return room.Tells(e, user), err
}
