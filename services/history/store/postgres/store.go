package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/natter-chat/natter/services/history/store"
)

const (
	maxConns       = 16
	connectTimeout = 5 * time.Second
	// statementTimeout is what the server gives a statement, lockTimeout how long
	// it waits for a row that another holds.
	statementTimeout = "30s"
	lockTimeout      = "10s"
	// idleTimeout ends the transaction of a program that was halted in it: it may
	// hold a position that the next owner needs. A program that has little of a
	// processor may be silent for some seconds, too, between two statements.
	idleTimeout = "15s"
)

// Store is a store.Store in a database. Safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
}

var _ store.Store = (*Store)(nil)

// Open connects to the database that a URL (postgres://…) names, and brings its
// schema to what this program needs: New and Prepare.
func Open(ctx context.Context, url string) (*Store, error) {
	s, err := New(url)
	if err != nil {
		return nil, err
	}
	if err := s.Prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// New makes a store that is of use once Prepare has succeeded. The database need
// not be there yet.
func New(url string) (*Store, error) {
	config, err := Config(url)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return &Store{pool: pool}, nil
}

// Prepare brings the schema to what this program needs. It may be called again
// after an error, which is for good unless Away says so: a newer program changed
// the schema in a way that this one cannot live with, or it may not log in.
func (s *Store) Prepare(ctx context.Context) error {
	if err := migrateSchema(ctx, s.pool); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	if err := index(context.WithoutCancel(ctx), s.pool); err != nil {
		return fmt.Errorf("postgres: index the messages that are there: %w", err)
	}
	return nil
}

// Config is how the store uses a database. Parameters of the URL go first:
// sslmode, pool_max_conns, statement_timeout and the like. Its error names no
// password.
func Config(url string) (*pgxpool.Config, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, errors.New("postgres: the address of a database is a URL that begins with postgres://")
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if !strings.Contains(url, "pool_max_conns=") {
		config.MaxConns = maxConns
	}
	config.MinConns = max(config.MinConns, 1)
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	config.BeforeConnect = renewed(url)
	params := config.ConnConfig.RuntimeParams
	for name, value := range map[string]string{
		"application_name": "natter-history", "statement_timeout": statementTimeout, "lock_timeout": lockTimeout,
		"idle_in_transaction_session_timeout": idleTimeout,
	} {
		if _, set := params[name]; !set {
			params[name] = value
		}
	}
	params["timezone"] = "UTC"
	// What is applied is purged from the log one day: it has to be on disk. A
	// role may have this off; "remote_apply" and the like are more than on.
	if params["synchronous_commit"] == "" {
		params["synchronous_commit"] = "on"
	}
	return config, nil
}

// renewed has each new connection made with the certificates that the URL names
// as they are now. Where they cannot be read, it is made with those before.
func renewed(url string) func(context.Context, *pgx.ConnConfig) error {
	var last atomic.Pointer[pgx.ConnConfig]
	return func(_ context.Context, c *pgx.ConnConfig) error {
		if now, err := pgx.ParseConfig(url); err == nil {
			last.Store(now)
		}
		if good := last.Load(); good != nil {
			c.TLSConfig, c.Fallbacks = good.TLSConfig, good.Fallbacks
		}
		return nil
	}
}

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// Close implements store.Store.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// moment runs questions that have to be answered from one moment.
func (s *Store) moment(ctx context.Context, ask func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, ask)
}

// text is a string as PostgreSQL can keep it: without NUL.
func text(s string) string { return strings.ReplaceAll(s, "\x00", "\uFFFD") }
