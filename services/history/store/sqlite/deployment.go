package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/natter-chat/natter/services/history/store"
)

// Deployment implements store.Store.
func (s *Store) Deployment(ctx context.Context, want store.Deployment) (store.Deployment, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return store.Deployment{}, err
	}
	defer func() { _ = tx.Rollback() }()
	partitions, err := meta(ctx, tx, "partitions", int64(want.Partitions))
	if err != nil {
		return store.Deployment{}, err
	}
	epoch, err := meta(ctx, tx, "epoch", int64(want.Epoch))
	if err != nil {
		return store.Deployment{}, err
	}
	return store.Deployment{Partitions: int(partitions), Epoch: uint64(epoch)}, tx.Commit()
}

// meta reads a value, and sets it first if it was never set.
func meta(ctx context.Context, tx *sql.Tx, key string, first int64) (int64, error) {
	if _, err := tx.ExecContext(ctx, "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING", key, first); err != nil {
		return 0, err
	}
	var value int64
	err := tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&value)
	return value, err
}

// SetEpoch implements store.Store.
func (s *Store) SetEpoch(ctx context.Context, epoch uint64) error {
	_, err := s.write.ExecContext(ctx, "UPDATE meta SET value = max(value, ?) WHERE key = 'epoch'", int64(epoch))
	return err
}

// Position implements store.Store.
func (s *Store) Position(ctx context.Context, partition int) (store.Position, error) {
	return position(ctx, s.read, partition)
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func position(ctx context.Context, q queryer, partition int) (store.Position, error) {
	var p store.Position
	var sequence int64
	err := q.QueryRowContext(ctx, "SELECT stream, sequence, record FROM positions WHERE partition = ?", partition).Scan(&p.Stream, &sequence, &p.Record)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Position{}, nil
	}
	p.Sequence = uint64(sequence)
	return p, err
}
