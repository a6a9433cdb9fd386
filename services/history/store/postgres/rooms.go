package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

const roomQuery = "SELECT " + roomColumns + " FROM rooms WHERE room = $1"

// Room implements store.Store. All of it is read at one moment.
func (s *Store) Room(ctx context.Context, id string) (*room.State, error) {
	var state *room.State
	err := s.moment(ctx, func(tx pgx.Tx) error {
		row := &roomRow{}
		if err := tx.QueryRow(ctx, roomQuery, text(id)).Scan(row.fields()...); err != nil {
			return found(err)
		}
		state = room.New(id)
		state.Name, state.Kind, state.Topic, state.SlowMode = row.name, row.kind, row.topic, row.slowMode
		state.Archived, state.Closed, state.Head = row.archived, row.closed, row.head
		state.TimeMs, state.CreatedMs, state.CreatedBy = row.activeMs, row.createdMs, row.createdBy
		var err error
		state.Since = row.since
		if state.Retention, err = retentionOf(row.retention); err != nil {
			return err
		}
		b := &pgx.Batch{}
		b.Queue("SELECT user_id, name, role, joined_seq, read_seq FROM members WHERE number = $1", row.number).Query(func(rows pgx.Rows) error { return scanState(rows, state) })
		b.Queue("SELECT user_id, banned, muted, sent FROM sanctions WHERE number = $1", row.number).Query(func(rows pgx.Rows) error { return scanStanding(rows, state) })
		if row.lastMessage > 0 {
			b.Queue("SELECT message FROM messages WHERE id = $1", row.id(row.lastMessage)).QueryRow(func(r pgx.Row) (err error) {
				state.Last, err = scanMessage(r)
				return err
			})
		}
		return tx.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return nil, err
	}
	return state, nil
}

// found is an error, as the store names it.
func found(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

func scanState(rows pgx.Rows, state *room.State) error {
	for rows.Next() {
		var user string
		m := &room.Member{}
		if err := rows.Scan(&user, &m.Name, &m.Role, &m.JoinedSeq, &m.ReadSeq); err != nil {
			return err
		}
		state.Members[user] = m
	}
	return rows.Err()
}

// scanStanding reads who is banned, who is muted, and who must be slow.
func scanStanding(rows pgx.Rows, state *room.State) error {
	for rows.Next() {
		var user string
		var banned, muted, sent int64
		if err := rows.Scan(&user, &banned, &muted, &sent); err != nil {
			return err
		}
		if banned > 0 {
			state.Banned[user] = banned
		}
		if muted > 0 {
			state.Muted[user] = muted
		}
		if sent > 0 {
			state.SlowSent[user] = sent
		}
	}
	return rows.Err()
}

// Info implements store.Store.
func (s *Store) Info(ctx context.Context, id, user string) (*chatv1.Room, store.Standing, error) {
	row := &roomRow{}
	var name *string
	m, standing := &chatv1.Member{User: user}, store.Standing{}
	err := s.pool.QueryRow(ctx, `SELECT r.number, r.room, r.name, r.kind, r.topic, r.head, r.slow_mode, r.archived, r.closed, r.created_ms, r.created_by, r.active_ms, r.members, r.last_message, r.since, r.retention,
		m.name, coalesce(m.role, 0), coalesce(m.joined_seq, 0), coalesce(m.read_seq, 0), coalesce(s.banned, 0)
		FROM rooms r LEFT JOIN members m ON m.number = r.number AND m.user_id = $2 LEFT JOIN sanctions s ON s.number = r.number AND s.user_id = $2
		WHERE r.room = $1`, text(id), text(user)).Scan(append(row.fields(), &name, &m.Role, &m.JoinedSeq, &m.ReadSeq, &standing.BannedUntil)...)
	if err != nil {
		return nil, store.Standing{}, found(err)
	}
	if name != nil {
		m.Name, standing.Member = *name, m
	}
	retention, err := retentionOf(row.retention)
	return &chatv1.Room{
		Room: row.room, Name: row.name, Kind: row.kind, Topic: row.topic, Head: row.head, MemberCount: uint32(row.members),
		SlowModeSeconds: row.slowMode, Archived: row.archived, Closed: row.closed,
		CreatedAt: room.Time(row.createdMs), CreatedBy: row.createdBy, ActiveAt: room.Time(row.activeMs), Since: row.since, Retention: retention,
	}, standing, err
}

// Rooms implements store.Store.
func (s *Store) Rooms(ctx context.Context, q store.RoomQuery) ([]*chatv1.RoomView, error) {
	join := "LEFT JOIN"
	if q.Mine {
		join = "JOIN"
	}
	rows, err := s.pool.Query(ctx, `SELECT r.room, r.name, r.kind, r.topic, r.head, r.members, r.slow_mode, r.archived, coalesce(m.role, 0), coalesce(m.read_seq, 0), nullif(r.since, 0), l.message
		FROM rooms r `+join+` members m ON m.number = r.number AND m.user_id = $1
		LEFT JOIN messages l ON m.user_id IS NOT NULL AND r.last_message > 0 AND l.id = (r.number << 32) + r.last_message
		WHERE r.room > $2 AND NOT r.closed AND ($3 OR r.kind IN ($4, $5) OR m.user_id IS NOT NULL) AND ($6 = '' OR strpos(r.folded, $6) > 0 OR strpos(r.room, $6) > 0)
		ORDER BY r.room LIMIT $7`,
		text(q.User), text(q.After), q.Admin, int32(chatv1.RoomKind_PUBLIC), int32(chatv1.RoomKind_BROADCAST), strings.ToLower(text(q.Text)), q.Limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*chatv1.RoomView, error) {
		v := &chatv1.RoomView{}
		var last []byte
		err := row.Scan(&v.Room, &v.Name, &v.Kind, &v.Topic, &v.Head, &v.MemberCount, &v.SlowModeSeconds, &v.Archived, &v.Role, &v.ReadSeq, &v.Since, &last)
		if err == nil && last != nil {
			v.Last = &chatv1.Message{}
			err = proto.Unmarshal(last, v.Last)
		}
		return v, err
	})
}

// RoomsOf implements store.Store.
func (s *Store) RoomsOf(ctx context.Context, user string, limit int) ([]string, error) {
	rows, err := s.pool.Query(ctx, `SELECT r.room FROM members m JOIN rooms r USING (number)
		WHERE m.user_id = $1 AND NOT r.closed ORDER BY r.active_ms DESC, r.room LIMIT $2`, text(user), limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Members implements store.Store.
func (s *Store) Members(ctx context.Context, id, after string, limit int) ([]*chatv1.Member, error) {
	rows, err := s.pool.Query(ctx, `SELECT user_id, name, role, joined_seq, read_seq FROM members
		WHERE number = (SELECT number FROM rooms WHERE room = $1) AND user_id > $2 ORDER BY user_id LIMIT $3`, text(id), text(after), limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*chatv1.Member, error) {
		m := &chatv1.Member{}
		return m, row.Scan(&m.User, &m.Name, &m.Role, &m.JoinedSeq, &m.ReadSeq)
	})
}
