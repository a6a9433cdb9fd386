package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/natter-chat/natter/services/history/store"
)

// Deployment implements store.Store.
func (s *Store) Deployment(ctx context.Context, want store.Deployment) (store.Deployment, error) {
	var d store.Deployment
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO meta (key, value) VALUES ('partitions', $1), ('epoch', $2) ON CONFLICT DO NOTHING",
			int64(want.Partitions), int64(want.Epoch)); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT max(value) FILTER (WHERE key = 'partitions'), max(value) FILTER (WHERE key = 'epoch') FROM meta").Scan(&d.Partitions, &d.Epoch)
	})
	return d, err
}

// SetEpoch implements store.Store.
func (s *Store) SetEpoch(ctx context.Context, epoch uint64) error {
	_, err := s.pool.Exec(ctx, "UPDATE meta SET value = greatest(value, $1) WHERE key = 'epoch'", int64(epoch))
	return err
}

const positionQuery = "SELECT stream, sequence, record FROM positions WHERE partition = $1"

// Position implements store.Store.
func (s *Store) Position(ctx context.Context, partition int) (store.Position, error) {
	p, err := position(s.pool.QueryRow(ctx, positionQuery, partition))
	if errors.Is(err, pgx.ErrNoRows) {
		return store.Position{}, nil
	}
	return p, err
}

func position(row pgx.Row) (store.Position, error) {
	var p store.Position
	err := row.Scan(&p.Stream, &p.Sequence, &p.Record)
	return p, err
}
