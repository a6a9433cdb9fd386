package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// load reads the rows that records are about: first the rooms, for their
// numbers, then all else in one question.
func load(ctx context.Context, tx pgx.Tx, records []*chatv1.LogRecord) (*fold, error) {
	f := newFold()
	if err := f.loadRooms(ctx, tx, records); err != nil {
		return nil, err
	}
	return f, f.wants(records).load(ctx, tx, f)
}

func (f *fold) loadRooms(ctx context.Context, tx pgx.Tx, records []*chatv1.LogRecord) error {
	named := map[string]bool{}
	var created []string
	for _, r := range records {
		for _, e := range r.GetEvents() {
			if named[e.GetRoom()] = true; e.GetSeq() == 1 {
				created = append(created, e.GetRoom())
			}
		}
		for _, m := range r.GetMarks() {
			named[m.GetRoom()] = true
		}
	}
	if len(named) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	b.Queue("SELECT "+roomColumns+" FROM rooms WHERE room = ANY($1)", slices.Collect(maps.Keys(named))).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			r := &roomRow{}
			if err := rows.Scan(r.fields()...); err != nil {
				return err
			}
			f.rooms[r.room] = r
		}
		return rows.Err()
	})
	if len(created) > 0 {
		b.Queue("SELECT nextval('room_numbers')::bigint FROM generate_series(1, $1)", len(created)).Query(func(rows pgx.Rows) (err error) {
			f.numbers, err = pgx.CollectRows(rows, pgx.RowTo[int64])
			return err
		})
	}
	return tx.SendBatch(ctx, b).Close()
}

// wanted are the keys of the rows that records are about, in rooms that are
// there already: a new room has none.
type wanted struct {
	messages  map[int64]bool
	deleted   map[int64]bool // of them, those whose thread is wanted, too
	members   map[userKey]bool
	sanctions map[userKey]bool
	reactions map[reactionKey]bool
}

func (f *fold) wants(records []*chatv1.LogRecord) *wanted {
	w := &wanted{messages: map[int64]bool{}, deleted: map[int64]bool{}, members: map[userKey]bool{}, sanctions: map[userKey]bool{}, reactions: map[reactionKey]bool{}}
	for _, r := range records {
		for _, e := range r.GetEvents() {
			if row := f.rooms[e.GetRoom()]; row != nil {
				w.event(row, e)
			}
		}
		for _, m := range r.GetMarks() {
			if row := f.rooms[m.GetRoom()]; row != nil {
				w.members[userKey{row.number, m.GetUser()}] = true
			}
		}
	}
	return w
}

func (w *wanted) event(row *roomRow, e *chatv1.Event) {
	user := userKey{row.number, e.GetUser()}
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Message:
		w.members[user], w.sanctions[user] = true, true
		if c.Message.Thread != nil {
			w.messages[row.id(c.Message.GetThread())] = true
		}
	case *chatv1.Event_Joined, *chatv1.Event_Left:
		w.members[user] = true
	case *chatv1.Event_Deleted:
		w.deleted[row.id(c.Deleted.GetSeq())] = true
	case *chatv1.Event_Reacted:
		w.reactions[reactionKey{row.id(c.Reacted.GetSeq()), c.Reacted.GetEmoji(), e.GetUser()}] = true
	}
	if about := about(e); about != "" {
		key := userKey{row.number, about}
		w.members[key], w.sanctions[key] = true, true
	}
	if seq := room.Subject(e); seq > 0 && e.GetMessage() == nil {
		w.messages[row.id(seq)] = true
	}
}

// about is the other user whom an event is about; "": none.
func about(e *chatv1.Event) string {
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Removed:
		return c.Removed.GetUser()
	case *chatv1.Event_Unbanned:
		return c.Unbanned.GetUser()
	case *chatv1.Event_Muted:
		return c.Muted.GetUser()
	case *chatv1.Event_Unmuted:
		return c.Unmuted.GetUser()
	case *chatv1.Event_RoleSet:
		return c.RoleSet.GetUser()
	}
	return ""
}

func (w *wanted) load(ctx context.Context, tx pgx.Tx, f *fold) error {
	b := &pgx.Batch{}
	if len(w.messages) > 0 {
		b.Queue(`SELECT id, sent, body, deleted, changed, reacted, command, message FROM messages
			WHERE id = ANY($1) OR id = ANY(ARRAY(SELECT thread FROM messages WHERE id = ANY($2) AND thread <> 0))`,
			slices.Collect(maps.Keys(w.messages)), slices.Collect(maps.Keys(w.deleted))).Query(f.scanMessages)
	}
	if len(w.members) > 0 {
		numbers, users := columns(w.members)
		b.Queue("SELECT number, user_id, name, role, joined_seq, read_seq FROM members JOIN unnest($1::bigint[], $2::text[]) AS w (number, user_id) USING (number, user_id)",
			numbers, users).Query(f.scanMembers)
	}
	if len(w.sanctions) > 0 {
		numbers, users := columns(w.sanctions)
		b.Queue("SELECT number, user_id, banned, muted, sent FROM sanctions JOIN unnest($1::bigint[], $2::text[]) AS w (number, user_id) USING (number, user_id)",
			numbers, users).Query(f.scanSanctions)
	}
	if len(w.reactions) > 0 {
		var ids []int64
		var emojis, users []string
		for key := range w.reactions {
			ids, emojis, users = append(ids, key.id), append(emojis, key.emoji), append(users, key.user)
		}
		b.Queue("SELECT id, emoji, user_id, seq FROM reactions JOIN unnest($1::bigint[], $2::text[], $3::text[]) AS w (id, emoji, user_id) USING (id, emoji, user_id)",
			ids, emojis, users).Query(f.scanReactions)
	}
	if b.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, b).Close()
}

func columns(keys map[userKey]bool) (numbers []int64, users []string) {
	for key := range keys {
		numbers, users = append(numbers, key.number), append(users, key.user)
	}
	return numbers, users
}

func (f *fold) scanMessages(rows pgx.Rows) error {
	for rows.Next() {
		var id int64
		var command, blob []byte
		m := &messageRow{message: &chatv1.Message{}}
		if err := rows.Scan(&id, &m.sent, &m.body, &m.deleted, &m.changed, &m.reacted, &command, &blob); err != nil {
			return err
		}
		if err := proto.Unmarshal(blob, m.message); err != nil {
			return err
		}
		m.command = string(command)
		f.messages[id] = m
	}
	return rows.Err()
}

func (f *fold) scanMembers(rows pgx.Rows) error {
	for rows.Next() {
		var key userKey
		m := &memberRow{in: true, was: true}
		if err := rows.Scan(&key.number, &key.user, &m.name, &m.role, &m.joined, &m.read); err != nil {
			return err
		}
		f.members[key] = m
	}
	return rows.Err()
}

func (f *fold) scanSanctions(rows pgx.Rows) error {
	for rows.Next() {
		var key userKey
		s := &sanctionRow{}
		if err := rows.Scan(&key.number, &key.user, &s.banned, &s.muted, &s.sent); err != nil {
			return err
		}
		f.sanctions[key] = s
	}
	return rows.Err()
}

func (f *fold) scanReactions(rows pgx.Rows) error {
	for rows.Next() {
		var key reactionKey
		r := &reactionRow{}
		if err := rows.Scan(&key.id, &key.emoji, &key.user, &r.seq); err != nil {
			return err
		}
		f.reactions[key] = r
	}
	return rows.Err()
}
