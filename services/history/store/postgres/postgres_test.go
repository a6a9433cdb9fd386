//go:build e2e

package postgres

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/migrate"
	"github.com/natter-chat/natter/services/history/store/storetest"
	"github.com/natter-chat/natter/services/internal/pgtest"
)

var server *pgtest.Server

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if server, err = pgtest.New(); err != nil {
			panic(err)
		}
		defer server.Close()
		return m.Run()
	}())
}

func database(t testing.TB) string {
	t.Helper()
	url, err := server.Database()
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func open(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		url := database(t)
		return func(t *testing.T) store.Store { return open(t, url) }
	})
}

func TestSearch(t *testing.T) {
	storetest.RunSearch(t, func(t *testing.T) storetest.Opener {
		url := database(t)
		return func(t *testing.T) store.Store { return open(t, url) }
	})
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) store.Store { return open(b, database(b)) })
}

// TestManyStartAtOnce: replicas that start together migrate once.
func TestManyStartAtOnce(t *testing.T) {
	url := database(t)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			s, err := Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			_ = s.Close()
		})
	}
	all.Wait()
	known, err := migrate.Load(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := open(t, url).pool.QueryRow(t.Context(), "SELECT count(*) FROM migrations").Scan(&n); err != nil || n != len(known) {
		t.Errorf("%d steps are noted, %v; want %d", n, err, len(known))
	}
}

// TestNewerSchema is lived with if it says that one can, and refused otherwise.
func TestNewerSchema(t *testing.T) {
	url := database(t)
	s := open(t, url)
	known, err := migrate.Load(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	note := func(version, compatible int) {
		if _, err := s.pool.Exec(t.Context(), "INSERT INTO migrations (version, name, compatible) VALUES ($1, 'newer', $2)", version, compatible); err != nil {
			t.Fatal(err)
		}
	}
	note(len(known)+1, len(known))
	open(t, url)
	note(len(known)+2, len(known)+2)
	if _, err := Open(t.Context(), url); !errors.Is(err, migrate.ErrTooNew) {
		t.Errorf("a schema that needs a newer program: %v", err)
	}
}

func TestSessions(t *testing.T) {
	s := open(t, database(t))
	for name, want := range map[string]string{
		"application_name": "natter-history", "synchronous_commit": "on", "statement_timeout": "30s", "lock_timeout": "10s", "TimeZone": "UTC",
	} {
		var got string
		if err := s.pool.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	if n := s.pool.Config().MaxConns; n != maxConns {
		t.Errorf("at most %d connections, want %d", n, maxConns)
	}
}

func TestConfig(t *testing.T) {
	config, err := Config("postgres://u:sesame@db.example/natter?sslmode=verify-full&pool_max_conns=5&statement_timeout=1000")
	if err != nil {
		t.Fatal(err)
	}
	if config.MaxConns != 5 || config.ConnConfig.RuntimeParams["statement_timeout"] != "1000" || config.ConnConfig.TLSConfig == nil || config.ConnConfig.TLSConfig.ServerName != "db.example" {
		t.Errorf("the URL's parameters: %+v", config.ConnConfig)
	}
	for _, url := range []string{"host=db password=sesame", "postgres://u:sesame@db:port/x"} {
		if _, err := Config(url); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// TestQueriesUseIndexes: what is asked all the time may not become slower with
// every message kept.
func TestQueriesUseIndexes(t *testing.T) {
	s := open(t, database(t))
	for query, c := range map[string]struct {
		args  []any
		index string
	}{
		sentQuery:   {[]any{"r", []int64{1, 2}}, "messages_by_sent"},
		olderQuery:  {[]any{"r", 5, 5}, "messages_pkey"},
		newerQuery:  {[]any{"r", 5, 5}, "messages_pkey"},
		olderThread: {[]any{"r", 5, 5, 1}, "messages_by_thread"},
		eventsQuery: {[]any{"r", 5, 5}, "events_pkey"},
	} {
		if plan := explain(t, s, query, c.args); !strings.Contains(plan, c.index) || strings.Contains(plan, "Seq Scan on messages") || strings.Contains(plan, "Seq Scan on events") {
			t.Errorf("%s\n%s", query, plan)
		}
	}
}

// explain plans as if the tables were large.
func explain(t *testing.T, s *Store, query string, args []any) string {
	t.Helper()
	var lines []string
	err := pgx.BeginFunc(context.Background(), s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "SET LOCAL enable_seqscan = off"); err != nil {
			return err
		}
		rows, err := tx.Query(t.Context(), "EXPLAIN "+query, args...)
		if err != nil {
			return err
		}
		lines, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
