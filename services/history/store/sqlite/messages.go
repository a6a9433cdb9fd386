package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
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
		if q.Thread == 0 && (q.Kind == store.Before || q.Kind == store.Newest) {
			if page, err = p.older(ctx, q); err != nil {
				return err
			}
			return p.reactions(ctx, q.User)
		}
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

// older is a page of what is before a seq, or of the newest.
func (p *pager) older(ctx context.Context, q store.Query) (page store.Page, err error) {
	pivot := int64(end)
	if q.Kind == store.Before {
		pivot = int64(q.Seq)
	}
	err = p.reader.rows(ctx, "older", []any{q.Room, pivot, int64(q.Limit) + 1}, func(row []driver.Value) (more bool, err error) {
		if number, room := row[0].(int64); room {
			p.number, page.Messages = number, make([]*chatv1.Message, 0, q.Limit)
			last := int64(uint32(row[1].(int64))) // message; 0: none
			page.Head, page.HasAfter = uint32(row[1].(int64)>>32), last > 0 && last >= pivot
			return true, nil
		}
		if len(page.Messages) == q.Limit {
			page.HasBefore = true
			return false, nil
		}
		m, err := p.message(row)
		page.Messages = append(page.Messages, m)
		return true, err
	})
	slices.Reverse(page.Messages)
	return page, err
}

// message is that of a row, which begins with it and whether it may have reactions.
func (p *pager) message(row []driver.Value) (*chatv1.Message, error) {
	m := &chatv1.Message{}
	if err := proto.Unmarshal(row[0].([]byte), m); err != nil {
		return nil, err
	}
	if row[1].(int64) != 0 {
		p.reacted = append(p.reacted, m)
	}
	return m, nil
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
	query, args := "page "+order, append(make([]any, 0, 4), from, until, int64(limit)+1)
	if p.thread > 0 {
		query, args = "thread "+order, append(args, p.number<<32+int64(p.thread))
	}
	list = make([]*chatv1.Message, 0, limit)
	err = p.reader.rows(ctx, query, args, func(row []driver.Value) (bool, error) {
		if more = len(list) == limit; more {
			return false, nil
		}
		m, err := p.message(row)
		list = append(list, m)
		return true, err
	})
	return list, more, err
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
