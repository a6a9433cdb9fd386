package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

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
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	return p.reader.questions["reactions of"].QueryContext(ctx, user, string(list))
}
