package sqlite

import (
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// trim takes away the messages before a seq, and all that was said about them.
func (f *fold) trim(row *roomRow, before uint32) error {
	if before <= row.since {
		return nil
	}
	if err := f.readEvents(row); err != nil {
		return err
	}
	first, end := row.id(row.since), row.id(before)
	row.since = before
	if row.lastMessage < before {
		row.lastMessage = 0
	}
	if err := f.unlist(row, first, end); err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM messages WHERE id >= ? AND id < ?", "DELETE FROM reactions WHERE id >= ? AND id < ?",
		"DELETE FROM events WHERE id >= ? AND id < ? AND about > 0",
	} {
		if _, err := f.exec(query, first, end); err != nil {
			return err
		}
	}
	return f.rewrite("SELECT id, event FROM events WHERE about >= ?1 AND about < ?2 AND about > 0", first, end, func(e *chatv1.Event) (*chatv1.Event, int64) {
		return room.Left(e, before), row.id(room.About(e))
	})
}

// unlist has messages that go found by no search and no thread any more.
func (f *fold) unlist(row *roomRow, first, end int64) error {
	rows, err := f.tx.QueryContext(f.ctx, "SELECT id, doc, message FROM messages WHERE id >= ? AND id < ?", first, end)
	if err != nil {
		return err
	}
	defer rows.Close()
	threads := map[int64]int64{} // by message
	for rows.Next() {
		var id, doc int64
		var blob []byte
		if err := rows.Scan(&id, &doc, &blob); err != nil {
			return err
		}
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return err
		}
		f.words.drop(doc)
		if m.Thread != nil {
			threads[id] = row.id(m.GetThread())
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for id, thread := range threads {
		if _, err := f.exec("DELETE FROM thread_messages WHERE thread = ? AND id = ?", thread, id); err != nil {
			return err
		}
	}
	return nil
}

// readEvents finds out what the room's events are about, where an older program
// stored them.
func (f *fold) readEvents(row *roomRow) error {
	return f.rewrite("SELECT id, event FROM events WHERE id >= ?1 AND id <= ?2 AND about IS NULL", row.id(0), row.id(^uint32(0)), func(e *chatv1.Event) (*chatv1.Event, int64) {
		return e, row.about(e)
	})
}

// about is the id of the message with which an event goes; 0: it stays.
func (r *roomRow) about(e *chatv1.Event) int64 {
	if seq := room.About(e); seq > 0 {
		return r.id(seq)
	}
	return 0
}

// rewrite puts others in the place of events.
func (f *fold) rewrite(query string, from, to int64, change func(*chatv1.Event) (e *chatv1.Event, about int64)) error {
	rows, err := f.tx.QueryContext(f.ctx, query, from, to)
	if err != nil {
		return err
	}
	defer rows.Close()
	type changed struct {
		id, about int64
		blob      []byte
	}
	var list []changed
	for rows.Next() {
		var c changed
		if err := rows.Scan(&c.id, &c.blob); err != nil {
			return err
		}
		e := &chatv1.Event{}
		if err := proto.Unmarshal(c.blob, e); err != nil {
			return err
		}
		e, c.about = change(e)
		if c.blob, err = proto.Marshal(e); err != nil {
			return err
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, c := range list {
		if _, err := f.exec("UPDATE events SET event = ?, about = ? WHERE id = ?", c.blob, c.about, c.id); err != nil {
			return err
		}
	}
	return nil
}
