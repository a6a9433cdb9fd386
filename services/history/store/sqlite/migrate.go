package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"

	"github.com/natter-chat/natter/services/history/store/migrate"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the file's schema to what this program needs. The table
// migrations tells which steps the file has; user_version, which every program
// looks at first, is the version that a program has to know.
func (s *Store) migrate(ctx context.Context) error {
	known, err := migrate.Load(migrations, "migrations")
	if err != nil {
		return err
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	applied, needs, err := version(ctx, tx)
	if err != nil {
		return err
	}
	pending, err := migrate.Pending(known, applied, needs)
	if err != nil {
		return err
	}
	for _, step := range pending {
		if _, err := tx.ExecContext(ctx, step.SQL); err != nil {
			return fmt.Errorf("migration %d (%s): %w", step.Version, step.Name, err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO migrations (version, name, compatible) VALUES (?, ?, ?)", step.Version, step.Name, step.Compatible); err != nil {
			return err
		}
		needs = max(needs, step.Compatible)
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", needs)); err != nil {
		return err
	}
	return tx.Commit()
}

// version is how many steps the file has, and which one a program has to know.
func version(ctx context.Context, tx *sql.Tx) (applied, needs int, err error) {
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&needs); err != nil {
		return 0, 0, err
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, compatible INTEGER NOT NULL)"); err != nil {
		return 0, 0, err
	}
	err = tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM migrations").Scan(&applied)
	if err == nil && applied == 0 && needs == 1 {
		// Made before there was this table.
		applied = 1
		_, err = tx.ExecContext(ctx, "INSERT INTO migrations (version, name, compatible) VALUES (1, 'schema', 1)")
	}
	return applied, needs, err
}
