package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// first is the key of a room's seq 0, room being $1.
const first = "(SELECT number << 32 FROM rooms WHERE room = $1)"

// Message implements store.Store.
func (s *Store) Message(ctx context.Context, id, user string, seq uint32) (*chatv1.Message, error) {
	var key int64
	var blob []byte
	var reacted bool
	err := s.pool.QueryRow(ctx, "SELECT id, message, reacted FROM messages WHERE id = "+first+" + $2", text(id), int64(seq)).Scan(&key, &blob, &reacted)
	if err != nil {
		return nil, found(err)
	}
	m := &chatv1.Message{}
	if err := proto.Unmarshal(blob, m); err != nil || !reacted {
		return m, err
	}
	return m, s.reactions(ctx, user, map[int64]*chatv1.Message{key: m})
}

func scanMessage(row pgx.Row) (*chatv1.Message, error) {
	var blob []byte
	if err := row.Scan(&blob); err != nil {
		return nil, found(err)
	}
	m := &chatv1.Message{}
	return m, proto.Unmarshal(blob, m)
}

// asker is the pool, or a transaction.
type asker interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// reactions adds those on messages, in the order in which the kinds came.
func (s *Store) reactions(ctx context.Context, user string, messages map[int64]*chatv1.Message) error {
	return addReactions(ctx, s.pool, user, messages)
}

func addReactions(ctx context.Context, from asker, user string, messages map[int64]*chatv1.Message) error {
	if len(messages) == 0 {
		return nil
	}
	keys := make([]int64, 0, len(messages))
	for id := range messages {
		keys = append(keys, id)
	}
	rows, err := from.Query(ctx, "SELECT id, emoji, count(*), bool_or(user_id = $2) FROM reactions WHERE id = ANY($1) GROUP BY id, emoji ORDER BY id, min(seq)", keys, text(user))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		r := &chatv1.Reaction{}
		if err := rows.Scan(&id, &r.Emoji, &r.Count, &r.Mine); err != nil {
			return err
		}
		messages[id].Reactions = append(messages[id].Reactions, r)
	}
	return rows.Err()
}

// Messages implements store.Store. One row more than wanted tells whether
// there are more on that side.
func (s *Store) Messages(ctx context.Context, q store.Query) (store.Page, error) {
	switch q.Kind {
	case store.After:
		return s.page(ctx, q, int64(q.Seq)+1, 0, q.Limit)
	case store.Around:
		return s.page(ctx, q, int64(q.Seq), q.Limit/2, q.Limit-q.Limit/2)
	case store.Before:
		return s.page(ctx, q, int64(q.Seq), q.Limit, 0)
	}
	return s.page(ctx, q, 1<<32, q.Limit, 0)
}

const (
	olderQuery  = "SELECT id, message, reacted, (SELECT head FROM rooms WHERE room = $1) FROM messages WHERE id >= " + first + " AND id < " + first + " + $2 ORDER BY id DESC LIMIT $3"
	newerQuery  = "SELECT id, message, reacted, 0::bigint FROM messages WHERE id >= " + first + " + $2 AND id < " + first + " + 4294967296 ORDER BY id LIMIT $3"
	olderThread = "SELECT id, message, reacted, 0::bigint FROM messages WHERE thread = " + first + " + $4 AND thread <> 0 AND id < " + first + " + $2 ORDER BY id DESC LIMIT $3"
	newerThread = "SELECT id, message, reacted, 0::bigint FROM messages WHERE thread = " + first + " + $4 AND thread <> 0 AND id >= " + first + " + $2 ORDER BY id LIMIT $3"
)

// page is `below` messages with a smaller seq than pivot, and `above` from it on.
func (s *Store) page(ctx context.Context, q store.Query, pivot int64, below, above int) (store.Page, error) {
	var older, newer []*chatv1.Message
	var head int64
	reacted := map[int64]*chatv1.Message{}
	b := &pgx.Batch{}
	ask := func(query, threadQuery string, limit int, into *[]*chatv1.Message) {
		args := []any{text(q.Room), pivot, limit}
		if q.Thread > 0 {
			query, args = threadQuery, append(args, int64(q.Thread))
		}
		b.Queue(query, args...).Query(func(rows pgx.Rows) (err error) {
			*into, err = scanPage(rows, reacted, &head)
			return err
		})
	}
	ask(olderQuery, olderThread, below+1, &older)
	ask(newerQuery, newerThread, above+1, &newer)
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return store.Page{}, err
	}
	page := store.Page{HasBefore: len(older) > below, HasAfter: len(newer) > above}
	older, newer = older[:min(len(older), below)], newer[:min(len(newer), above)]
	slices.Reverse(older)
	page.Messages = append(older, newer...)
	if above == 0 { // else it was read in two steps
		page.Head = uint32(head)
	}
	if len(reacted) == 0 {
		return page, nil
	}
	return page, s.reactions(ctx, q.User, reacted)
}

func scanPage(rows pgx.Rows, reacted map[int64]*chatv1.Message, head *int64) ([]*chatv1.Message, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*chatv1.Message, error) {
		var id int64
		var blob []byte
		var has bool
		var at int64
		if err := row.Scan(&id, &blob, &has, &at); err != nil {
			return nil, err
		}
		*head = max(*head, at)
		m := &chatv1.Message{}
		if has {
			reacted[id] = m
		}
		return m, proto.Unmarshal(blob, m)
	})
}

// Mine implements store.Store.
func (s *Store) Mine(ctx context.Context, id, user string, seqs []uint32) (map[uint32][]string, error) {
	mine, wanted := map[uint32][]string{}, make([]int64, len(seqs))
	for i, seq := range seqs {
		wanted[i] = int64(seq)
	}
	rows, err := s.pool.Query(ctx, "SELECT id, emoji FROM reactions WHERE id = ANY("+ids+") AND user_id = $3", text(id), wanted, text(user))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key int64
		var emoji string
		if err := rows.Scan(&key, &emoji); err != nil {
			return nil, err
		}
		mine[uint32(key)] = append(mine[uint32(key)], emoji)
	}
	return mine, rows.Err()
}

// Unread implements store.Store. It looks at the newest thousand.
func (s *Store) Unread(ctx context.Context, id, user string, after, to uint32) (unread, mentions int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT least(count(*), 100), least(count(*) FILTER (WHERE $2 = ANY(mentions)), 100) FROM (
		SELECT mentions FROM messages WHERE id > `+first+` + $3 AND id <= `+first+` + $4 AND user_id <> $2 AND deleted = 0 ORDER BY id DESC LIMIT 1000) AS m`,
		text(id), text(user), int64(after), int64(to)).Scan(&unread, &mentions)
	return unread, mentions, err
}
