package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// mergePages is how much of the index one step of Tidy merges: so long who
// writes may have to wait for it.
const mergePages = 500

// Tidy implements store.Store. What is deleted is overwritten at once in the
// file (secure_delete); but the index keeps words until it is merged, and the
// write-ahead log has what was written before.
func (s *Store) Tidy(ctx context.Context) error {
	had, err := s.untidy(ctx)
	if err != nil {
		return err
	}
	// A negative number begins to merge all that there is, others go on with it.
	for pages, more := -mergePages, true; more; pages = mergePages {
		var err error
		if more, err = s.merge(ctx, pages); err != nil {
			return fmt.Errorf("sqlite: merge the index: %w", err)
		}
	}
	var busy, pages, moved int
	if err := s.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return fmt.Errorf("sqlite: the write-ahead log is in use (%d pages); try again", pages)
	}
	// What was taken away meanwhile, the next one takes care of.
	_, err = s.write.ExecContext(ctx, "DELETE FROM meta WHERE key = 'untidy' AND value = ?", had)
	return err
}

// Untidy implements store.Store.
func (s *Store) Untidy(ctx context.Context) (bool, error) {
	had, err := s.untidy(ctx)
	return had > 0, err
}

// untidy counts how often words were taken out of the index since Tidy.
func (s *Store) untidy(ctx context.Context) (times int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'untidy'").Scan(&times)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return times, err
}

// merge is one step, and tells whether it did anything.
func (s *Store) merge(ctx context.Context, pages int) (did bool, err error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }()
	var before, after int
	if err := tx.QueryRowContext(ctx, "SELECT total_changes()").Scan(&before); err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO search (search, rank) VALUES ('merge', ?)", pages); err != nil {
		return false, err
	}
	if err := tx.QueryRowContext(ctx, "SELECT total_changes()").Scan(&after); err != nil {
		return false, err
	}
	// The insert itself counts as one.
	return after-before > 1, tx.Commit()
}
