package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/faultpoint"
	"github.com/natter-chat/natter/services/history/store"
)

// Apply implements store.Store. It locks the partition's position, so that of
// two who apply the second one finds that it has moved.
func (s *Store) Apply(ctx context.Context, partition int, from, to store.Position, records []*chatv1.LogRecord) error {
	texts := termsByText(records)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		at, err := lockPosition(ctx, tx, partition)
		if err != nil {
			return err
		}
		if !at.Equal(from) {
			return store.ErrPosition
		}
		if err := applyRecords(ctx, tx, records, texts); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE positions SET stream = $2, sequence = $3, record = $4 WHERE partition = $1",
			partition, to.Stream, int64(to.Sequence), notNull(to.Record))
		faultpoint.Hit(faultpoint.BeforeCommit)
		return err
	})
	faultpoint.Hit(faultpoint.AfterCommit)
	return err
}

func lockPosition(ctx context.Context, tx pgx.Tx, partition int) (store.Position, error) {
	b := &pgx.Batch{}
	b.Queue("INSERT INTO positions (partition, stream, sequence, record) VALUES ($1, 0, 0, '') ON CONFLICT DO NOTHING", partition)
	b.Queue(positionQuery+" FOR UPDATE", partition)
	results := tx.SendBatch(ctx, b)
	defer results.Close()
	if _, err := results.Exec(); err != nil {
		return store.Position{}, err
	}
	p, err := position(results.QueryRow())
	if err != nil {
		return p, err
	}
	return p, results.Close()
}

// notNull is bytes for a column that is never NULL.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
