package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/scope"
)

// leastPatience is what a search is given at least.
const leastPatience = time.Second

// queryCanceled is the SQLSTATE of what ran into statement_timeout.
const queryCanceled = "57014"

// Search implements store.Store. All of it is read at one moment. PostgreSQL
// gives no part of an answer: it is ErrTooSlow or all.
func (s *Store) Search(ctx context.Context, q store.SearchQuery) (store.SearchResults, error) {
	var out store.SearchResults
	err := s.moment(ctx, func(tx pgx.Tx) error {
		in, err := scopeOf(ctx, tx, q)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		until := time.Now().Add(max(q.Patience, leastPatience))
		reacted := map[int64]*chatv1.Message{}
		out.Hits, err = hits(ctx, tx, planWalk, until, walkQuery(q, in), reacted)
		if err == nil && len(out.Hits) <= q.Limit {
			clear(reacted)
			out.Hits, err = hits(ctx, tx, planIndex, until, indexQuery(q, in), reacted)
		}
		if err != nil {
			return err
		}
		if len(out.Hits) > q.Limit {
			out.Hits = out.Hits[:q.Limit]
			out.Next = &out.Hits[q.Limit-1].Place
		}
		return addReactions(ctx, tx, q.User, reacted)
	})
	if canceled := (*pgconn.PgError)(nil); errors.As(err, &canceled) && canceled.Code == queryCanceled {
		err = store.ErrTooSlow
	}
	return out, err
}

func hits(ctx context.Context, tx pgx.Tx, settings string, until time.Time, query *statement, reacted map[int64]*chatv1.Message) ([]store.Hit, error) {
	if err := plan(ctx, tx, settings, time.Until(until)); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, query.String(), query.args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Hit, error) { return scanHit(row, reacted) })
}

func scanHit(row pgx.CollectableRow, reacted map[int64]*chatv1.Message) (store.Hit, error) {
	h := store.Hit{Message: &chatv1.Message{}}
	var blob []byte
	var has bool
	if err := row.Scan(&h.Place.TimeMs, &h.Place.Tie, &has, &blob, &h.Room); err != nil {
		return h, err
	}
	if has {
		reacted[h.Place.Tie] = h.Message
	}
	return h, proto.Unmarshal(blob, h.Message)
}

// scoped is what the index has to say of a hit's room: a tsquery, or nothing;
// and the room's number, if it is one that was asked for.
type scoped struct {
	terms  string
	number int64
}

func scopeOf(ctx context.Context, tx pgx.Tx, q store.SearchQuery) (scoped, error) {
	if q.Room != "" {
		var in scoped
		err := tx.QueryRow(ctx, "SELECT number FROM rooms WHERE room = $1", text(q.Room)).Scan(&in.number)
		in.terms = lexeme(scope.Room(in.number))
		return in, found(err)
	}
	if q.Admin {
		return scoped{}, nil
	}
	rows, err := tx.Query(ctx, "SELECT r.number FROM members m JOIN rooms r USING (number) WHERE m.user_id = $1 AND NOT r.closed AND r.kind NOT IN (1, 3) LIMIT $2", text(q.User), scope.Most+1)
	if err != nil {
		return scoped{}, err
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(numbers) > scope.Most {
		return scoped{}, err
	}
	list := []string{lexeme(scope.Open)}
	for _, number := range numbers {
		list = append(list, lexeme(scope.Room(number)))
	}
	return scoped{terms: "(" + strings.Join(list, " | ") + ")"}, nil
}

// matchOf is the query as a tsquery.
func matchOf(q store.SearchQuery, where string) string {
	var all []string
	for _, p := range q.Text.Phrases {
		all = append(all, phrase(p))
	}
	if q.From != "" {
		all = append(all, lexeme(scope.User(q.From)))
	}
	if where != "" {
		all = append(all, where)
	}
	return strings.Join(all, " & ")
}

func phrase(p search.Phrase) string {
	terms := make([]string, len(p.Terms))
	for i, t := range p.Terms {
		terms[i] = lexeme(t)
	}
	s := strings.Join(terms, " <-> ")
	if p.Prefix {
		s += ":*"
	}
	return "(" + s + ")"
}
