package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// reaction is one kind of reaction on one message.
type reaction struct {
	id    int64 // of the message
	first int64 // seq of the first one
	*chatv1.Reaction
}

// reactions are put to the messages that have them, by one question, in the
// order in which the kinds came.
func (p *pager) reactions(ctx context.Context, user string) error {
	if len(p.reacted) == 0 {
		return nil
	}
	byID := make(map[int64]*chatv1.Message, len(p.reacted))
	ids := make([]int64, 0, len(p.reacted))
	for _, m := range p.reacted {
		id := p.number<<32 + int64(m.GetSeq())
		byID[id], ids = m, append(ids, id)
	}
	rows, err := p.askReactions(ctx, user, ids)
	if err != nil {
		return err
	}
	defer rows.Close()
	var list []reaction
	for rows.Next() {
		r := reaction{Reaction: &chatv1.Reaction{}}
		if err := rows.Scan(&r.id, &r.Emoji, &r.Count, &r.Mine, &r.first); err != nil {
			return err
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b reaction) int { return cmp.Compare(a.first, b.first) })
	for _, r := range list {
		if m := byID[r.id]; m != nil {
			m.Reactions = append(m.Reactions, r.Reaction)
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// askReactions asks for the whole stretch of a page. The messages of a thread
// are asked for one by one: others may lie between them.
func (p *pager) askReactions(ctx context.Context, user string, ids []int64) (*sql.Rows, error) {
	if p.thread == 0 {
		return p.reader.questions["reactions"].QueryContext(ctx, user, slices.Min(ids), slices.Max(ids))
	}
	return p.reader.questions["reactions of"].QueryContext(ctx, user, array(ids))
}

// array is a JSON array.
func array(ids []int64) string {
	list := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, id, 10)
	}
	return string(append(list, ']'))
}

// Mine implements store.Store.
func (s *Store) Mine(ctx context.Context, id, user string, seqs []uint32) (map[uint32][]string, error) {
	mine := map[uint32][]string{}
	err := s.pages.use(ctx, func(ctx context.Context, r *reader) error {
		var number int64
		if err := r.questions["number"].QueryRowContext(ctx, id).Scan(&number); err != nil {
			return err
		}
		ids := make([]int64, len(seqs))
		for i, seq := range seqs {
			ids[i] = number<<32 + int64(seq)
		}
		rows, err := r.questions["mine"].QueryContext(ctx, user, array(ids))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id int64
			var emoji string
			if err := rows.Scan(&id, &emoji); err != nil {
				return err
			}
			mine[uint32(id)] = append(mine[uint32(id)], emoji)
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return mine, err
}
