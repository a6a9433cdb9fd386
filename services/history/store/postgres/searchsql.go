package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/natter-chat/natter/services/history/store"
)

// walked is how many of the newest messages are looked at one by one before the
// index of words is asked: a word that is not among them for a page is rare
// enough for that.
const walked = 5000

// How a statement of a search is planned: always alike. What the planner thinks
// that it knows of words may be old, or nothing yet, and a wrong guess here reads
// the whole table.
const (
	planAlike = "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0;" +
		"SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"
	planWalk  = planAlike + "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off;"
	planIndex = planAlike + "SET LOCAL enable_bitmapscan = on; SET LOCAL enable_sort = on;"
)

// plan has the transaction's next statements planned so, and ended after a while.
func plan(ctx context.Context, tx pgx.Tx, settings string, patience time.Duration) error {
	_, err := tx.Exec(ctx, settings+"SET LOCAL statement_timeout = "+strconv.FormatInt(max(patience.Milliseconds(), 1), 10))
	return err
}

// statement is SQL being written, with its arguments.
type statement struct {
	strings.Builder
	args []any
}

// add writes SQL; each %s becomes the next argument.
func (s *statement) add(sql string, args ...any) {
	names := make([]any, len(args))
	for i, arg := range args {
		s.args = append(s.args, arg)
		names[i] = "$" + strconv.Itoa(len(s.args))
	}
	fmt.Fprintf(s, sql, names...)
}

// bounds are the query's, for a row with such columns.
func (s *statement) bounds(q store.SearchQuery, timeMs, id string) {
	if q.AfterMs > 0 {
		s.add(" AND "+timeMs+" > %s", q.AfterMs)
	}
	if q.BeforeMs > 0 {
		s.add(" AND "+timeMs+" < %s", q.BeforeMs)
	}
	if q.Older != (store.Place{}) {
		s.add(" AND ("+timeMs+", "+id+") < (%s, %s)", q.Older.TimeMs, q.Older.Tie)
	}
}

// readable is the rest of a search: from rows f that match, those that the
// caller may read, and one more than a page of them. 1 and 3 are the kinds of
// room that anybody may read.
func (s *statement) readable(q store.SearchQuery) {
	s.add(" AND NOT r.closed")
	if q.From != "" {
		s.add(" AND m.user_id = %s", text(q.From))
	}
	if !q.Admin {
		s.add(` AND (r.kind IN (1, 3) OR EXISTS (SELECT 1 FROM members WHERE number = r.number AND user_id = %s))
			AND NOT EXISTS (SELECT 1 FROM sanctions WHERE number = r.number AND user_id = %s AND banned > %s)`, text(q.User), text(q.User), time.Now().UnixMilli())
	}
}

const searched = "SELECT f.time_ms, f.id, m.reacted, m.message, r.room FROM "

// walkQuery looks at the newest messages that may be meant: those of a room,
// where the order of keys is that of time, or all.
func walkQuery(q store.SearchQuery, in scoped) *statement {
	s := &statement{}
	order := "f.time_ms DESC, f.id DESC"
	s.add(searched + "(SELECT id, time_ms, terms FROM found WHERE true")
	if in.number > 0 {
		until := (in.number + 1) << 32
		if q.Older.Tie>>32 == in.number {
			until = q.Older.Tie
		}
		s.add(" AND id >= %s AND id < %s ORDER BY id DESC", in.number<<32, until)
		order = "f.id DESC"
	} else {
		s.bounds(q, "time_ms", "id")
		s.add(" ORDER BY time_ms DESC, id DESC")
	}
	s.add(" LIMIT %s) f JOIN rooms r ON r.number = f.id >> 32 JOIN messages m ON m.id = f.id WHERE f.terms @@ %s::text::tsquery", walked, matchOf(q, in.terms))
	if in.number > 0 {
		s.bounds(q, "f.time_ms", "f.id")
	}
	s.readable(q)
	s.add(" ORDER BY "+order+" LIMIT %s", int64(q.Limit+1))
	return s
}

// indexQuery has the index of words find all that match. The bounds are written
// such that no other index serves.
func indexQuery(q store.SearchQuery, in scoped) *statement {
	s := &statement{}
	s.add("WITH hits AS MATERIALIZED (SELECT id, time_ms FROM found WHERE terms @@ %s::text::tsquery", matchOf(q, in.terms))
	s.bounds(q, "time_ms + 0", "id + 0")
	s.add(") " + searched + "(SELECT id, time_ms FROM hits ORDER BY time_ms DESC, id DESC OFFSET 0) f JOIN rooms r ON r.number = f.id >> 32 JOIN messages m ON m.id = f.id WHERE true")
	s.readable(q)
	s.add(" ORDER BY f.time_ms DESC, f.id DESC LIMIT %s", int64(q.Limit+1))
	return s
}
