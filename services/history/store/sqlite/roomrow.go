package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store/scope"
)

// roomRow is a row of the table rooms.
type roomRow struct {
	number      int64
	room        string
	name        string
	kind        chatv1.RoomKind
	topic       string
	head        uint32
	slowMode    uint32
	archived    bool
	closed      bool
	createdMs   int64
	createdBy   string
	activeMs    int64
	members     int64
	lastMessage uint32
	since       uint32
	retention   []byte // natter.chat.v1.RetentionSet

	authors map[string]*author
	posted  []posted // messages that are not in the table yet
	named   []named  // and names of members
}

// author is what a transaction knows of who posted in a room.
type author struct {
	name  string // as the table has it; empty: not looked at
	scope string // the terms that say so, separated by spaces
}

// author of what a user posts in the room.
func (r *roomRow) author(user string) *author {
	a := r.authors[user]
	if a == nil {
		a = &author{scope: strings.Join(scope.Of(r.number, r.kind, user), " ")}
		if r.authors == nil {
			r.authors = map[string]*author{}
		}
		r.authors[user] = a
	}
	return a
}

const roomColumns = "number, room, name, kind, topic, head, slow_mode, archived, closed, created_ms, created_by, active_ms, members, last_message, since, retention"

func (r *roomRow) fields() []any {
	return []any{&r.number, &r.room, &r.name, &r.kind, &r.topic, &r.head, &r.slowMode, &r.archived, &r.closed, &r.createdMs, &r.createdBy, &r.activeMs, &r.members, &r.lastMessage, &r.since, &r.retention}
}

// id is the key of the room's message or event with a seq.
func (r *roomRow) id(seq uint32) int64 { return r.number<<32 | int64(seq) }

// room is a room's row: the one that this transaction holds, or from the table.
func (f *fold) room(id string) (*roomRow, error) {
	if row := f.rooms[id]; row != nil {
		return row, nil
	}
	stmt, err := f.prepared("SELECT " + roomColumns + " FROM rooms WHERE room = ?")
	if err != nil {
		return nil, err
	}
	row := &roomRow{}
	err = stmt.QueryRowContext(context.WithoutCancel(f.ctx), id).Scan(row.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("room %q is not there", id)
	}
	if err != nil {
		return nil, err
	}
	f.rooms[id] = row
	return row, nil
}

// create makes the row of a room whose first event this is.
func (f *fold) create(e *chatv1.Event) (*roomRow, error) {
	result, err := f.exec(`INSERT INTO rooms (room, name, folded, kind, topic, head, slow_mode, archived, closed, created_ms, created_by, active_ms, members, last_message)
		VALUES (?, '', '', 0, '', 0, 0, 0, 0, ?, ?, 0, 0, 0)`, e.GetRoom(), e.GetTimeMs(), e.GetUser())
	if err != nil {
		return nil, err
	}
	number, err := result.LastInsertId()
	if err != nil {
		return nil, err
	}
	row := &roomRow{number: number, room: e.GetRoom(), createdMs: e.GetTimeMs(), createdBy: e.GetUser()}
	f.rooms[row.room] = row
	return row, nil
}

// notNull is bytes for a column that is never NULL.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// update writes rooms back.
func (f *fold) update(list []*roomRow) error {
	return f.rows(`UPDATE rooms SET name = ?, folded = ?, kind = ?, topic = ?, head = ?, slow_mode = ?, archived = ?, closed = ?, active_ms = ?, members = ?, last_message = ?, since = ?, retention = ? WHERE number = ?`,
		len(list), 14, func(n int, args []driver.NamedValue) error {
			r := list[n]
			for i, value := range []any{
				r.name, strings.ToLower(r.name), int64(r.kind), r.topic, int64(r.head), int64(r.slowMode), r.archived, r.closed,
				r.activeMs, r.members, int64(r.lastMessage), int64(r.since), notNull(r.retention), r.number,
			} {
				args[i].Value = value
			}
			return nil
		})
}
