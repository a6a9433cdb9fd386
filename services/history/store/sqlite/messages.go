package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// Message implements store.Store.
func (s *Store) Message(ctx context.Context, id, user string, seq uint32) (*chatv1.Message, error) {
	row, err := s.roomRow(ctx, id)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, store.ErrNotFound
	}
	m, err := message(ctx, s.read, row.id(seq))
	if err == nil {
		m.Reactions, err = reactions(ctx, s.read, row.id(seq), user)
	}
	return m, err
}

func message(ctx context.Context, q queryer, id int64) (*chatv1.Message, error) {
	var blob []byte
	err := q.QueryRowContext(ctx, "SELECT message FROM messages WHERE id = ?", id).Scan(&blob)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	m := &chatv1.Message{}
	return m, proto.Unmarshal(blob, m)
}

// Messages implements store.Store. One row more than wanted tells whether
// there are more on that side.
func (s *Store) Messages(ctx context.Context, q store.Query) (store.Page, error) {
	row, err := s.roomRow(ctx, q.Room)
	if row == nil || err != nil {
		return store.Page{}, err
	}
	p := pager{store: s, row: row, thread: q.Thread, user: q.User}
	switch q.Kind {
	case store.After:
		return p.page(ctx, int64(q.Seq)+1, 0, q.Limit)
	case store.Around:
		return p.page(ctx, int64(q.Seq), q.Limit/2, q.Limit-q.Limit/2)
	case store.Before:
		return p.page(ctx, int64(q.Seq), q.Limit, 0)
	}
	return p.page(ctx, 1<<32, q.Limit, 0)
}

// pager reads messages on both sides of a seq.
type pager struct {
	store  *Store
	row    *roomRow
	thread uint32
	user   string
}

// page is `below` messages with a smaller seq than pivot, and `above` from it on.
func (p pager) page(ctx context.Context, pivot int64, below, above int) (store.Page, error) {
	from, until, split := p.row.id(0), p.row.id(^uint32(0))+1, p.row.id(0)+pivot
	older, err := p.side(ctx, from, split, "DESC", below+1)
	if err != nil {
		return store.Page{}, err
	}
	newer, err := p.side(ctx, split, until, "ASC", above+1)
	if err != nil {
		return store.Page{}, err
	}
	page := store.Page{HasBefore: len(older) > below, HasAfter: len(newer) > above}
	older, newer = older[:min(len(older), below)], newer[:min(len(newer), above)]
	slices.Reverse(older)
	page.Messages = append(older, newer...)
	return page, nil
}

func (p pager) side(ctx context.Context, from, until int64, order string, limit int) ([]*chatv1.Message, error) {
	query, args := "page "+order, []any{from, until, limit}
	if p.thread > 0 {
		query, args = "thread "+order, append(args, p.row.id(p.thread))
	}
	rows, err := p.store.questions[query].QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list, reactedTo []*chatv1.Message
	for rows.Next() {
		var blob sql.RawBytes
		var reacted bool
		if err := rows.Scan(&blob, &reacted); err != nil {
			return nil, err
		}
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return nil, err
		}
		list = append(list, m)
		if reacted {
			reactedTo = append(reactedTo, m)
		}
	}
	// The connection goes back first: who holds one and waits for another may
	// wait for ever.
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, m := range reactedTo {
		if m.Reactions, err = reactions(ctx, p.store.read, p.row.id(m.GetSeq()), p.user); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Unread implements store.Store.
func (s *Store) Unread(ctx context.Context, id, user string, after, to uint32) (unread, mentions int, err error) {
	row, err := s.roomRow(ctx, id)
	if row == nil || err != nil {
		return 0, 0, err
	}
	rows, err := s.read.QueryContext(ctx, "SELECT message FROM messages WHERE id > ? AND id <= ? AND user != ? AND deleted = 0 ORDER BY id DESC LIMIT 1000",
		row.id(after), row.id(to), user)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() && mentions < 100 {
		var blob sql.RawBytes
		if err := rows.Scan(&blob); err != nil {
			return 0, 0, err
		}
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return 0, 0, err
		}
		unread = min(unread+1, 100)
		if slices.Contains(m.GetMentions(), user) {
			mentions++
		}
	}
	return unread, mentions, rows.Err()
}
