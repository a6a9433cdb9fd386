package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/scope"
)

// searchQuery walks the index from the newest doc; FTS5 finds the next one only
// when it is asked for, so a word that stands everywhere costs no more than the
// page. The last column is the caller's right to read the room.
const searchQuery = `SELECT m.doc, m.id, m.reacted, m.message, r.room,
	r.closed = 0 AND (?4 OR (r.kind IN (?5, ?6) OR EXISTS (SELECT 1 FROM members WHERE number = r.number AND user = ?3))
		AND NOT EXISTS (SELECT 1 FROM sanctions WHERE number = r.number AND user = ?3 AND banned > ?7))
	FROM search s CROSS JOIN messages m ON m.doc = s.rowid AND m.doc != 0 CROSS JOIN rooms r ON r.number = m.id >> 32
	WHERE s.search MATCH ?1 AND s.rowid < ?2 AND s.rowid >= ?8 ORDER BY s.rowid DESC`

// Search implements store.Store. All of it is read at one moment.
func (s *Store) Search(ctx context.Context, q store.SearchQuery) (store.SearchResults, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return store.SearchResults{}, err
	}
	defer func() { _ = tx.Rollback() }()
	where, err := scopeOf(ctx, tx, q)
	if err != nil || where == nowhere {
		return store.SearchResults{}, err
	}
	oldest, newest := q.AfterMs, int64(math.MaxInt64)
	if oldest > 0 {
		oldest = (min(oldest, lastMs) + 1) * ties
	}
	if q.BeforeMs > 0 {
		newest = min(q.BeforeMs, lastMs) * ties
	}
	if q.Older != (store.Place{}) {
		newest = min(newest, q.Older.TimeMs*ties+q.Older.Tie)
	}
	rows, err := tx.QueryContext(ctx, searchQuery, matchOf(q, where), newest, q.User, q.Admin, chatv1.RoomKind_PUBLIC, chatv1.RoomKind_BROADCAST, time.Now().UnixMilli(), oldest)
	if err != nil {
		return store.SearchResults{}, err
	}
	defer rows.Close()
	w := walk{query: q, until: time.Now().Add(q.Patience)}
	if err := w.over(rows); err != nil {
		return store.SearchResults{}, err
	}
	if err := rows.Close(); err != nil {
		return store.SearchResults{}, err
	}
	for _, id := range w.reacted {
		if w.hits[id.hit].Message.Reactions, err = reactions(ctx, tx, id.message, q.User); err != nil {
			return store.SearchResults{}, err
		}
	}
	return store.SearchResults{Hits: w.hits, Next: w.next}, nil
}

// walk gathers hits.
type walk struct {
	query   store.SearchQuery
	until   time.Time
	hits    []store.Hit
	reacted []struct {
		hit     int
		message int64
	}
	next *store.Place
}

func (w *walk) over(rows *sql.Rows) error {
	for rows.Next() {
		var doc, id int64
		var reacted, readable bool
		var blob sql.RawBytes
		var room string
		if err := rows.Scan(&doc, &id, &reacted, &blob, &room, &readable); err != nil {
			return err
		}
		if len(w.hits) == w.query.Limit {
			w.next = &w.hits[len(w.hits)-1].Place
			return nil
		}
		place := store.Place{TimeMs: doc / ties, Tie: doc % ties}
		if readable {
			m := &chatv1.Message{}
			if err := proto.Unmarshal(blob, m); err != nil {
				return err
			}
			if w.query.From == "" || w.query.From == m.GetUser() {
				if reacted {
					w.reacted = append(w.reacted, struct {
						hit     int
						message int64
					}{len(w.hits), id})
				}
				w.hits = append(w.hits, store.Hit{Room: room, Message: m, Place: place})
			}
		}
		if time.Now().After(w.until) {
			w.next = &place
			return nil
		}
	}
	return rows.Err()
}

// Scopes that are no terms.
const (
	anywhere = ""
	nowhere  = "nowhere"
)

// scopeOf is what the index has to say of a hit's room: an expression of FTS5.
func scopeOf(ctx context.Context, tx *sql.Tx, q store.SearchQuery) (string, error) {
	if q.Room != "" {
		var number int64
		err := tx.QueryRowContext(ctx, "SELECT number FROM rooms WHERE room = ?", q.Room).Scan(&number)
		if errors.Is(err, sql.ErrNoRows) {
			return nowhere, nil
		}
		return quote(scope.Room(number)), err
	}
	if q.Admin {
		return anywhere, nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT r.number FROM members m JOIN rooms r ON r.number = m.number
		WHERE m.user = ? AND r.closed = 0 AND r.kind NOT IN (?, ?) LIMIT ?`, q.User, chatv1.RoomKind_PUBLIC, chatv1.RoomKind_BROADCAST, scope.Most+1)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	list := []string{quote(scope.Open)}
	for rows.Next() {
		var number int64
		if err := rows.Scan(&number); err != nil {
			return "", err
		}
		list = append(list, quote(scope.Room(number)))
	}
	if len(list) > scope.Most+1 {
		return anywhere, rows.Err()
	}
	return "(" + strings.Join(list, " OR ") + ")", rows.Err()
}

// matchOf is the query in the language of FTS5. Terms hold no quote.
func matchOf(q store.SearchQuery, where string) string {
	var all []string
	for _, p := range q.Text.Phrases {
		all = append(all, phrase(p))
	}
	if q.From != "" {
		all = append(all, quote(scope.User(q.From)))
	}
	if where != anywhere {
		all = append(all, where)
	}
	return strings.Join(all, " AND ")
}

func phrase(p search.Phrase) string {
	s := quote(strings.Join(p.Terms, " "))
	if p.Prefix {
		s += " *"
	}
	return s
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, "") + `"` }
