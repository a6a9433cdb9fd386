package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// KeepSeen implements store.LastSeen.
func (s *Store) KeepSeen(ctx context.Context, seen []*chatv1.Seen) error {
	if len(seen) == 0 {
		return nil
	}
	latest := make(map[string]int64, len(seen))
	for _, one := range seen {
		latest[one.GetUser()] = max(latest[one.GetUser()], one.GetTimeMs())
	}
	users, times := make([]string, 0, len(latest)), make([]int64, 0, len(latest))
	for user, at := range latest {
		users, times = append(users, user), append(times, at)
	}
	// In the order of the ids, so that two who keep the same users do not wait
	// for each other.
	_, err := s.pool.Exec(ctx, `INSERT INTO last_seen ("user", time_ms)
		SELECT u, t FROM unnest($1::text[], $2::bigint[]) AS n (u, t) ORDER BY u
		ON CONFLICT ("user") DO UPDATE SET time_ms = excluded.time_ms WHERE excluded.time_ms > last_seen.time_ms`, users, times)
	return err
}

// Seen implements store.LastSeen.
func (s *Store) Seen(ctx context.Context, users []string) ([]*chatv1.Seen, error) {
	if len(users) == 0 {
		return nil, nil
	}
	rows, err := s.pool.Query(ctx, `SELECT "user", time_ms FROM last_seen WHERE "user" = ANY ($1) ORDER BY "user" COLLATE "C"`, users)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*chatv1.Seen, error) {
		one := &chatv1.Seen{}
		return one, row.Scan(&one.User, &one.TimeMs)
	})
}

// ForgetSeen implements store.LastSeen.
func (s *Store) ForgetSeen(ctx context.Context, user string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM last_seen WHERE "user" = $1`, text(user))
	return err
}
