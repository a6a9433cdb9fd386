package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// indexBatch is how many messages are indexed in one transaction.
const indexBatch = 10_000

// index has what was stored before there was search found. It goes on where it
// stopped; of replicas that start together one does it, and the others wait.
func index(ctx context.Context, pool *pgxpool.Pool) error {
	for more := true; more; {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) (err error) {
			more, err = indexSome(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// indexSome indexes a batch, and tells whether there may be another. Messages
// are locked: what another replica changes meanwhile, it changes after this.
func indexSome(ctx context.Context, tx pgx.Tx) (more bool, err error) {
	var after int64
	for _, query := range []string{"SELECT value FROM meta WHERE key = 'indexed'", "SELECT value FROM meta WHERE key = 'indexed' FOR UPDATE"} {
		err := tx.QueryRow(ctx, query).Scan(&after)
		if errors.Is(err, pgx.ErrNoRows) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '60s'"); err != nil {
			return false, err
		}
	}
	rows, err := tx.Query(ctx, `SELECT m.id, m.deleted, m.message, r.kind FROM messages m JOIN rooms r ON r.number = m.id >> 32
		WHERE m.id > $1 ORDER BY m.id LIMIT $2 FOR SHARE OF m`, after, indexBatch)
	if err != nil {
		return false, err
	}
	last := after
	var put terms
	var id, deleted int64
	var blob []byte
	var kind chatv1.RoomKind
	_, err = pgx.ForEachRow(rows, []any{&id, &deleted, &blob, &kind}, func() error {
		if last = id; deleted != 0 {
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
		return false, err
	}
	if err := put.save(ctx, tx); err != nil {
		return false, err
	}
	if last == after {
		_, err = tx.Exec(ctx, "DELETE FROM meta WHERE key = 'indexed'")
	} else {
		_, err = tx.Exec(ctx, "UPDATE meta SET value = $1 WHERE key = 'indexed'", last)
	}
	return last != after, err
}
