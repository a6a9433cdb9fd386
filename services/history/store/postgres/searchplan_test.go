//go:build e2e

package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
)

// TestSearchesArePlannedAlike: on a large table that PostgreSQL has not looked
// at yet, and on one that it knows, the newest are walked in the order of an
// index, and rare words found by theirs.
func TestSearchesArePlannedAlike(t *testing.T) {
	s := open(t, database(t))
	created := &chatv1.Event{Room: "lobby", Seq: 1, TimeMs: 1, User: "ana", Change: &chatv1.Event_Created{Created: &chatv1.Created{Kind: chatv1.RoomKind_PUBLIC}}}
	if err := s.Apply(t.Context(), 0, store.Position{}, store.Position{Stream: 1, Sequence: 1, Record: []byte("r")}, []*chatv1.LogRecord{{Events: []*chatv1.Event{created}}}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"ALTER TABLE found SET (autovacuum_enabled = off)",
		`INSERT INTO found SELECT (1 + n % 50 << 32) + n, n, ('common:1 word' || n % 1000 || ':2')::tsvector FROM generate_series(1::bigint, 100000) AS s (n)`,
	} {
		if _, err := s.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	words, err := search.Parse("common word7")
	if err != nil {
		t.Fatal(err)
	}
	all := store.SearchQuery{Text: words, User: "ana", Limit: 50}
	bounded := store.SearchQuery{Text: words, User: "ana", Limit: 50, From: "bo", AfterMs: 1, BeforeMs: 90_000, Older: store.Place{TimeMs: 80_000, Tie: 1<<32 + 80_000}}
	for _, known := range []bool{false, true} {
		if known {
			if _, err := s.pool.Exec(t.Context(), "ANALYZE"); err != nil {
				t.Fatal(err)
			}
		}
		for name, q := range map[string]store.SearchQuery{"all": all, "bounded": bounded} {
			for _, c := range []struct {
				settings string
				query    *statement
				index    string
				never    []string
			}{
				{planWalk, walkQuery(q, scoped{}), "found_by_time", []string{"Sort", "Seq Scan", "Bitmap"}},
				{planWalk, walkQuery(q, scoped{number: 1}), "found_pkey", []string{"Sort", "Seq Scan", "Bitmap"}},
				{planIndex, indexQuery(q, scoped{}), "found_by_terms", []string{"Seq Scan", "found_by_time", "found_pkey"}},
			} {
				plan := explainAs(t, s, c.settings, c.query)
				for _, never := range c.never {
					if strings.Contains(plan, never) {
						t.Errorf("%s, known %t: %q\n%s", name, known, never, plan)
					}
				}
				if !strings.Contains(plan, c.index) {
					t.Errorf("%s, known %t: no %q\n%s", name, known, c.index, plan)
				}
			}
		}
	}
}

// explainAs is the plan that a search has, whatever its arguments.
func explainAs(t *testing.T, s *Store, settings string, q *statement) string {
	t.Helper()
	var lines []string
	err := pgx.BeginFunc(context.Background(), s.pool, func(tx pgx.Tx) error {
		if err := plan(t.Context(), tx, settings, time.Minute); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), "PREPARE searched AS "+q.String()); err != nil {
			return err
		}
		args := make([]string, len(q.args))
		for i, arg := range q.args {
			args[i] = "'" + strings.ReplaceAll(fmt.Sprint(arg), "'", "''") + "'"
		}
		rows, err := tx.Query(t.Context(), "EXPLAIN EXECUTE searched ("+strings.Join(args, ", ")+")", pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return err
		}
		if lines, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), "DEALLOCATE searched")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
