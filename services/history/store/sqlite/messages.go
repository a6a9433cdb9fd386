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

// Messages implements store.Store.
func (s *Store) Messages(ctx context.Context, q store.Query) (page store.Page, err error) {
	err = s.pages.use(ctx, func(ctx context.Context, r *reader) error {
		p := pager{reader: r, thread: q.Thread}
		err := r.questions["number"].QueryRowContext(ctx, q.Room).Scan(&p.number)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		switch q.Kind {
		case store.After:
			page, err = p.page(ctx, int64(q.Seq)+1, 0, q.Limit)
		case store.Around:
			page, err = p.page(ctx, int64(q.Seq), q.Limit/2, q.Limit-q.Limit/2)
		case store.Before:
			page, err = p.page(ctx, int64(q.Seq), q.Limit, 0)
		default:
			page, err = p.page(ctx, end, q.Limit, 0)
		}
		if err != nil {
			return err
		}
		return p.reactions(ctx, q.User)
	})
	return page, err
}

// end is above each seq.
const end = 1 << 32

// pager reads messages on both sides of a seq.
type pager struct {
	reader  *reader
	number  int64 // of the room
	thread  uint32
	reacted []*chatv1.Message // those that may have reactions
}

// page is `below` messages with a smaller seq than pivot, and `above` from it on.
func (p *pager) page(ctx context.Context, pivot int64, below, above int) (store.Page, error) {
	var page store.Page
	var err error
	from, split, until := p.number<<32, p.number<<32+pivot, (p.number+1)<<32
	if page.Messages, page.HasBefore, err = p.side(ctx, from, split, "DESC", below); err != nil {
		return store.Page{}, err
	}
	slices.Reverse(page.Messages)
	newer, more, err := p.side(ctx, split, until, "ASC", above)
	page.Messages, page.HasAfter = append(page.Messages, newer...), more
	return page, err
}

// side is at most limit messages with an id from one on and below another, and
// whether there are more: one row more than wanted tells.
func (p *pager) side(ctx context.Context, from, until int64, order string, limit int) (list []*chatv1.Message, more bool, err error) {
	if from >= until {
		return nil, false, nil
	}
	if limit == 0 {
		more, err = p.any(ctx, from, until)
		return nil, more, err
	}
	query, args := "page "+order, append(make([]any, 0, 4), from, until, limit+1)
	if p.thread > 0 {
		query, args = "thread "+order, append(args, p.number<<32+int64(p.thread))
	}
	rows, err := p.reader.questions[query].QueryContext(ctx, args...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	list = make([]*chatv1.Message, 0, limit)
	for rows.Next() {
		if len(list) == limit {
			return list, true, rows.Close()
		}
		var blob sql.RawBytes
		var reacted bool
		if err := rows.Scan(&blob, &reacted); err != nil {
			return nil, false, err
		}
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return nil, false, err
		}
		list = append(list, m)
		if reacted {
			p.reacted = append(p.reacted, m)
		}
	}
	return list, false, errors.Join(rows.Err(), rows.Close())
}

// any tells whether there is a message with an id from one on and below another.
func (p *pager) any(ctx context.Context, from, until int64) (any bool, err error) {
	if p.thread > 0 {
		err = p.reader.questions["any in thread"].QueryRowContext(ctx, from, until, p.number<<32+int64(p.thread)).Scan(&any)
	} else {
		err = p.reader.questions["any"].QueryRowContext(ctx, from, until).Scan(&any)
	}
	return any, err
}

// Unread implements store.Store. Of the newest thousand, only those are read
// that may mention the user: their id is somewhere in it.
func (s *Store) Unread(ctx context.Context, id, user string, after, to uint32) (unread, mentions int, err error) {
	err = s.pages.use(ctx, func(ctx context.Context, r *reader) error {
		var number int64
		if err := r.questions["number"].QueryRowContext(ctx, id).Scan(&number); err != nil {
			return err
		}
		from, until := number<<32+int64(after), number<<32+int64(to)
		if err := r.questions["unread"].QueryRowContext(ctx, from, until, user).Scan(&unread); err != nil || unread == 0 {
			return err
		}
		rows, err := r.questions["mentions"].QueryContext(ctx, from, until, user, []byte(user))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() && mentions < 100 {
			var blob sql.RawBytes
			if err := rows.Scan(&blob); err != nil {
				return err
			}
			m := &chatv1.Message{}
			if err := proto.Unmarshal(blob, m); err != nil {
				return err
			}
			if slices.Contains(m.GetMentions(), user) {
				mentions++
			}
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return unread, mentions, err
}
