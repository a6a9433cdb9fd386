package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/lockfile"
)

// Store is a store.Store in one file. Safe for concurrent use.
type Store struct {
	write *sql.DB
	read  *sql.DB
	pages *readers // of read
	infos *infos
	// together is how partitions share transactions.
	together *together
	lock     *lockfile.Lock
}

var _ store.Store = (*Store)(nil)

// Open opens the store in dir, and makes it if it is not there. It fails if
// another process has it open, or made it with a newer version of the program.
// A file of a version without search is indexed first, which takes longer: see
// the package's documentation.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	lock, err := lockfile.Acquire(filepath.Join(dir, "history.lock"))
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	s := &Store{lock: lock, infos: newInfos()}
	s.together = newTogether(s.apply)
	path := filepath.Join(dir, "history.db")
	if s.write, err = open(path, "immediate"); err == nil {
		s.write.SetMaxOpenConns(1)
		err = s.migrate(ctx)
	}
	if err == nil {
		// Not within the time given for opening: it is done once, and goes on where
		// it stopped.
		err = s.index(context.WithoutCancel(ctx))
	}
	if err == nil {
		s.read, err = open(path, "deferred")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open %s: %w", path, err), s.Close())
	}
	s.read.SetMaxOpenConns(8 + pageReaders)
	s.read.SetMaxIdleConns(8)
	s.pages = newReaders(s.read)
	return s, nil
}

func open(path, lock string) (*sql.DB, error) {
	q := url.Values{"_txlock": {lock}, "_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "cache_size(-32768)", "temp_store(MEMORY)", "secure_delete(ON)", "mmap_size(268435456)",
	}}
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
}

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Close implements store.Store.
func (s *Store) Close() error {
	var errs []error
	if s.pages != nil {
		errs = append(errs, s.pages.close())
	}
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Release())
	}
	return errors.Join(errs...)
}
