package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// roomRow is nil where there is no such room.
func (s *Store) roomRow(ctx context.Context, id string) (row *roomRow, err error) {
	err = s.pages.use(ctx, func(ctx context.Context, r *reader) error {
		row, err = scanRoom(r.questions["room"].QueryRowContext(ctx, id))
		return err
	})
	return row, err
}

func scanRoom(found *sql.Row) (*roomRow, error) {
	row := &roomRow{}
	err := found.Scan(row.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return row, err
}

// Room implements store.Store. All of it is read at one moment.
func (s *Store) Room(ctx context.Context, id string) (*room.State, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	row, err := scanRoom(tx.QueryRowContext(ctx, roomQuery, id))
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, store.ErrNotFound
	}
	state := room.New(id)
	state.Name, state.Kind, state.Topic, state.SlowMode = row.name, row.kind, row.topic, row.slowMode
	state.Archived, state.Closed, state.Head = row.archived, row.closed, row.head
	state.TimeMs, state.CreatedMs, state.CreatedBy = row.activeMs, row.createdMs, row.createdBy
	state.Since = row.since
	if state.Retention, err = retentionOf(row.retention); err != nil {
		return nil, err
	}
	if row.lastMessage > 0 {
		if state.Last, err = message(ctx, tx, row.id(row.lastMessage)); err != nil {
			return nil, err
		}
	}
	rows, err := tx.QueryContext(ctx, "SELECT user, name, role, joined_seq, read_seq FROM members WHERE number = ?", row.number)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var user string
		m := &room.Member{}
		if err := rows.Scan(&user, &m.Name, &m.Role, &m.JoinedSeq, &m.ReadSeq); err != nil {
			return nil, err
		}
		state.Members[user] = m
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return state, sanctions(ctx, tx, row, state)
}

// sanctions reads who is banned and who is muted.
func sanctions(ctx context.Context, tx *sql.Tx, row *roomRow, state *room.State) error {
	rows, err := tx.QueryContext(ctx, "SELECT user, banned, muted, sent FROM sanctions WHERE number = ?", row.number)
	if err != nil {
		return err
	}
	defer rows.Close()
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
	found, ok, changes := s.infos.find(id, user)
	if ok {
		found = found.clone()
		return found.room, found.standing, ctx.Err()
	}
	room, standing, err := s.info(ctx, id, user)
	if err == nil {
		s.infos.keep(id, user, info{room: room, standing: standing}, changes)
	}
	return room, standing, err
}

func (s *Store) info(ctx context.Context, id, user string) (*chatv1.Room, store.Standing, error) {
	info, m, standing := &chatv1.Room{Room: id}, &chatv1.Member{User: user}, store.Standing{}
	var isMember bool
	var createdMs, activeMs int64
	var retention []byte
	err := s.pages.use(ctx, func(ctx context.Context, r *reader) error {
		return r.questions["info"].QueryRowContext(ctx, id, user).Scan(
			&info.Name, &info.Kind, &info.Topic, &info.Head, &info.SlowModeSeconds, &info.Archived, &info.Closed, &createdMs, &info.CreatedBy, &activeMs, &info.MemberCount, &info.Since, &retention,
			&isMember, &m.Name, &m.Role, &m.JoinedSeq, &m.ReadSeq, &standing.BannedUntil)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, store.Standing{}, store.ErrNotFound
	}
	if err != nil {
		return nil, store.Standing{}, err
	}
	info.CreatedAt, info.ActiveAt = room.Time(createdMs), room.Time(activeMs)
	if isMember {
		standing.Member = m
	}
	info.Retention, err = retentionOf(retention)
	return info, standing, err
}

// Rooms implements store.Store.
func (s *Store) Rooms(ctx context.Context, q store.RoomQuery) ([]*chatv1.RoomView, error) {
	join := "LEFT JOIN"
	if q.Mine {
		join = "JOIN"
	}
	rows, err := s.read.QueryContext(ctx, `SELECT r.room, r.name, r.kind, r.topic, r.head, r.members, r.slow_mode, r.archived, coalesce(m.role, 0), coalesce(m.read_seq, 0), nullif(r.since, 0), l.message
		FROM rooms r `+join+` members m ON m.number = r.number AND m.user = ?1
		LEFT JOIN messages l ON m.user IS NOT NULL AND r.last_message > 0 AND l.id = (r.number << 32) + r.last_message
		WHERE r.room > ?2 AND r.closed = 0 AND (?3 OR r.kind IN (?4, ?5) OR m.user IS NOT NULL) AND (?6 = '' OR instr(r.folded, ?6) > 0 OR instr(r.room, ?6) > 0)
		ORDER BY r.room LIMIT ?7`,
		q.User, q.After, q.Admin, chatv1.RoomKind_PUBLIC, chatv1.RoomKind_BROADCAST, strings.ToLower(q.Text), q.Limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*chatv1.RoomView
	for rows.Next() {
		v := &chatv1.RoomView{}
		var last sql.RawBytes
		if err := rows.Scan(&v.Room, &v.Name, &v.Kind, &v.Topic, &v.Head, &v.MemberCount, &v.SlowModeSeconds, &v.Archived, &v.Role, &v.ReadSeq, &v.Since, &last); err != nil {
			return nil, err
		}
		if len(last) > 0 {
			v.Last = &chatv1.Message{}
			if err := proto.Unmarshal(last, v.Last); err != nil {
				return nil, err
			}
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// RoomsOf implements store.Store.
func (s *Store) RoomsOf(ctx context.Context, user string, limit int) (ids []string, err error) {
	err = s.pages.use(ctx, func(ctx context.Context, r *reader) error {
		rows, err := r.questions["rooms of"].QueryContext(ctx, user, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	})
	return ids, err
}

// Everybody are at most limit users who are in a room, with an id above `after`,
// by id.
func (s *Store) Everybody(ctx context.Context, after string, limit int) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT DISTINCT user FROM members WHERE user > ? ORDER BY user LIMIT ?", after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var users []string
	for rows.Next() {
		var user string
		if err := rows.Scan(&user); err != nil {
			return nil, err
		}
		users = append(users, user)
	}
	return users, rows.Err()
}

// Members implements store.Store.
func (s *Store) Members(ctx context.Context, id, after string, limit int) ([]*chatv1.Member, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT m.user, m.name, m.role, m.joined_seq, m.read_seq FROM rooms r JOIN members m ON m.number = r.number
		WHERE r.room = ? AND m.user > ? ORDER BY m.user LIMIT ?`, id, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*chatv1.Member
	for rows.Next() {
		m := &chatv1.Member{}
		if err := rows.Scan(&m.User, &m.Name, &m.Role, &m.JoinedSeq, &m.ReadSeq); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}
