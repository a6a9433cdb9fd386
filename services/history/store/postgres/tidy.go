package postgres

import "context"

// Untidy implements store.Store. The database frees by itself what was taken
// away (autovacuum), so there is nothing to be done in between.
func (s *Store) Untidy(context.Context) (bool, error) { return false, nil }

// Tidy implements store.Store. It frees what no transaction can see any more.
// The database may keep the bytes in its files until it uses the space again, or
// an operator rewrites the tables (VACUUM FULL), and in its own log.
func (s *Store) Tidy(ctx context.Context) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0"); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "RESET statement_timeout") }()
	_, err = conn.Exec(ctx, "VACUUM messages, events, members, sanctions, reactions, rooms, found, last_seen")
	return err
}
