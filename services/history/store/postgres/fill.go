package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

const (
	// fillStep is how many messages are looked at in one transaction, and fillPause
	// is how long others have the database to themselves after that.
	fillStep  = 10_000
	fillPause = 200 * time.Millisecond
	// searchStep is the step of the schema that brought search; fillFor is how
	// long after it programs without search may still run.
	searchStep = 2
	fillFor    = 7 * 24 * time.Hour
)

// fillQuery finds, of the messages with an id above $1 and up to $2, those whose
// terms a program without search left as they were. It does not tell edits of its
// own from others', so all edited ones are made anew.
const fillQuery = `SELECT m.id, m.deleted, m.message, r.kind FROM messages m JOIN rooms r ON r.number = m.id >> 32 LEFT JOIN found f ON f.id = m.id
	WHERE m.id > $1 AND m.id <= $2 AND CASE m.deleted WHEN 0 THEN f.id IS NULL OR m.changed <> m.id & 4294967295 ELSE f.id IS NOT NULL END
	ORDER BY m.id FOR SHARE OF m`

// Fill has messages found that a program without search wrote, or changed, while
// a deployment was being replaced: its replicas know nothing of terms, and go on
// until they are stopped. It looks at all messages, some at a time, and does
// nothing once such programs cannot run any more.
func (s *Store) Fill(ctx context.Context) error {
	var lately bool
	if err := s.pool.QueryRow(ctx, "SELECT coalesce(max(applied_at) > now() - $2::interval, false) FROM migrations WHERE version = $1", searchStep, fillFor).Scan(&lately); err != nil || !lately {
		return err
	}
	for after, more := int64(0), true; more; {
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			var last *int64
			if err := tx.QueryRow(ctx, "SELECT max(id) FROM (SELECT id FROM messages WHERE id > $1 ORDER BY id LIMIT $2) AS m", after, fillStep).Scan(&last); err != nil || last == nil {
				more = false
				return err
			}
			err := fillSome(ctx, tx, after, *last)
			if err == nil {
				after = *last
			}
			return err
		})
		if err == nil && more {
			err = sleep(ctx, fillPause)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func fillSome(ctx context.Context, tx pgx.Tx, after, last int64) error {
	rows, err := tx.Query(ctx, fillQuery, after, last)
	if err != nil {
		return err
	}
	var gone []int64
	var put terms
	var id, deleted int64
	var blob []byte
	var kind chatv1.RoomKind
	_, err = pgx.ForEachRow(rows, []any{&id, &deleted, &blob, &kind}, func() error {
		if deleted != 0 {
			gone = append(gone, id)
			return nil
		}
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return err
		}
		put.add(id, kind, m)
		return nil
	})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM found WHERE id = ANY($1)", gone)
	return errors.Join(err, put.save(ctx, tx))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
