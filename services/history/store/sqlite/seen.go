package sqlite

import (
	"context"
	"encoding/json"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// KeepSeen implements store.LastSeen.
func (s *Store) KeepSeen(ctx context.Context, seen []*chatv1.Seen) error {
	if len(seen) == 0 {
		return nil
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	keep, err := tx.PrepareContext(ctx, "INSERT INTO last_seen (user, time_ms) VALUES (?, ?) ON CONFLICT (user) DO UPDATE SET time_ms = excluded.time_ms WHERE excluded.time_ms > time_ms")
	if err != nil {
		return err
	}
	defer keep.Close()
	for _, one := range seen {
		if _, err := keep.ExecContext(ctx, one.GetUser(), one.GetTimeMs()); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Seen implements store.LastSeen.
func (s *Store) Seen(ctx context.Context, users []string) ([]*chatv1.Seen, error) {
	if len(users) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(users)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, "SELECT user, time_ms FROM last_seen WHERE user IN (SELECT value FROM json_each(?)) ORDER BY user", string(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var seen []*chatv1.Seen
	for rows.Next() {
		one := &chatv1.Seen{}
		if err := rows.Scan(&one.User, &one.TimeMs); err != nil {
			return nil, err
		}
		seen = append(seen, one)
	}
	return seen, rows.Err()
}

// ForgetSeen implements store.LastSeen.
func (s *Store) ForgetSeen(ctx context.Context, user string) error {
	_, err := s.write.ExecContext(ctx, "DELETE FROM last_seen WHERE user = ?", user)
	return err
}
