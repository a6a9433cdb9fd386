package sqlite

import (
	"database/sql"
	"errors"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// erased takes away what messages and events said, and of a user all that is
// kept of them in the room.
func (f *fold) erased(row *roomRow, e *chatv1.Event, c *chatv1.Erased) error {
	for _, seq := range c.GetSeqs() {
		m, err := message(f.ctx, f.tx, row.id(seq))
		switch {
		case errors.Is(err, store.ErrNotFound):
			err = f.scrub(row.id(seq), c.GetUser())
		case err == nil && room.Purges(c, m.GetUser()):
			err = f.purge(row, e, m, c.GetUser())
		}
		if err != nil {
			return err
		}
	}
	if c.GetUser() == "" {
		return nil
	}
	return f.forget(row, c.GetUser())
}

// purge takes away a message's text and all that hangs from it but its thread.
func (f *fold) purge(row *roomRow, e *chatv1.Event, m *chatv1.Message, user string) error {
	if !m.GetDeleted() && m.Thread != nil {
		if err := f.amend(row, m.GetThread(), repliesBy(-1)); err != nil {
			return err
		}
	}
	purged := room.Purged(m, user)
	blob, err := proto.Marshal(purged)
	if err != nil {
		return err
	}
	id := row.id(m.GetSeq())
	if err := f.words.remove(id); err != nil {
		return err
	}
	if _, err := f.exec(`UPDATE messages SET sent = 0, body = zeroblob(16), user = ?, deleted = CASE deleted WHEN 0 THEN ? ELSE deleted END,
		reacted = 0, doc = 0, command = '', message = ? WHERE id = ?`, purged.GetUser(), e.GetSeq(), blob, id); err != nil {
		return err
	}
	_, err = f.exec("DELETE FROM reactions WHERE id = ?", id)
	return err
}

// scrub takes away what an event said that posted no message.
func (f *fold) scrub(id int64, user string) error {
	var blob []byte
	err := f.tx.QueryRowContext(f.ctx, "SELECT event FROM events WHERE id = ?", id).Scan(&blob)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	e := &chatv1.Event{}
	if err == nil {
		err = proto.Unmarshal(blob, e)
	}
	if err == nil {
		blob, err = proto.Marshal(room.Scrubbed(e, user))
	}
	if err == nil {
		_, err = f.exec("UPDATE events SET event = ? WHERE id = ?", blob, id)
	}
	return err
}

// forget takes a user out of a room.
func (f *fold) forget(row *roomRow, user string) error {
	if err := f.exit(row, user); err != nil {
		return err
	}
	if row.createdBy == user {
		row.createdBy = room.Nobody
	}
	_, err := f.exec("UPDATE rooms SET created_by = ? WHERE number = ?", row.createdBy, row.number)
	_, err2 := f.exec("DELETE FROM sanctions WHERE number = ? AND user = ?", row.number, user)
	_, err3 := f.exec("DELETE FROM reactions WHERE id > ? AND id <= ? AND user = ?", row.id(0), row.id(^uint32(0)), user)
	return errors.Join(err, err2, err3)
}
