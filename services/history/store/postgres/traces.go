package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// Heads implements store.Store.
func (s *Store) Heads(ctx context.Context, after string, limit int) ([]store.Head, error) {
	rows, err := s.pool.Query(ctx, "SELECT room, head FROM rooms WHERE room > $1 ORDER BY room LIMIT $2", text(after), limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h store.Head, err error) {
		return h, row.Scan(&h.Room, &h.Seq)
	})
}

// Traces implements store.Store. SQL finds all rows with the id in them, of
// which some may have it in a text, or as a part of another.
func (s *Store) Traces(ctx context.Context, user, id string, after, to uint32) ([]uint32, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, false, event FROM events WHERE id > `+first+` + $2 AND id <= `+first+` + $3 AND position($4::bytea in event) > 0
		UNION ALL SELECT id, true, message FROM messages WHERE id > `+first+` + $2 AND id <= `+first+` + $3 AND position($4::bytea in message) > 0`,
		text(id), int64(after), int64(to), []byte(user))
	if err != nil {
		return nil, err
	}
	var seqs []uint32
	var key int64
	var isMessage bool
	var blob []byte
	_, err = pgx.ForEachRow(rows, []any{&key, &isMessage, &blob}, func() error {
		tells, err := tellsOf(user, isMessage, blob)
		if tells {
			seqs = append(seqs, uint32(key))
		}
		return err
	})
	slices.Sort(seqs)
	return seqs, err
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
