package postgres

import (
	"context"
	"embed"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/natter-chat/natter/services/history/store/migrate"
)

//go:embed migrations
var migrations embed.FS

// migrationLock is the advisory lock under which one program at a time looks at
// the schema: "natter" in ASCII.
const migrationLock = 0x6e6174746572

// migrateSchema brings the schema to what this program needs, all steps or
// none. The table migrations tells which it has.
func migrateSchema(ctx context.Context, pool *pgxpool.Pool) error {
	known, err := migrate.Load(migrations, "migrations")
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		// A change of a large table may take longer than a statement may otherwise.
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '60s'"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS migrations (version integer PRIMARY KEY, name text NOT NULL, compatible integer NOT NULL,
			applied_at timestamptz NOT NULL DEFAULT now())`); err != nil {
			return err
		}
		var applied, needs int
		if err := tx.QueryRow(ctx, "SELECT coalesce(max(version), 0), coalesce(max(compatible), 0) FROM migrations").Scan(&applied, &needs); err != nil {
			return err
		}
		pending, err := migrate.Pending(known, applied, needs)
		if err != nil {
			return err
		}
		for _, step := range pending {
			if _, err := tx.Exec(ctx, step.SQL); err != nil {
				return fmt.Errorf("migration %d (%s): %w", step.Version, step.Name, err)
			}
			if _, err := tx.Exec(ctx, "INSERT INTO migrations (version, name, compatible) VALUES ($1, $2, $3)", step.Version, step.Name, step.Compatible); err != nil {
				return err
			}
		}
		return nil
	})
}
