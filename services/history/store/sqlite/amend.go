package sqlite

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// amend changes a message that was posted before; one that was trimmed is not
// there.
func (f *fold) amend(row *roomRow, seq uint32, change func(*chatv1.Message) *chatv1.Message) error {
	if seq < row.since {
		return nil
	}
	m, err := message(f.ctx, f.tx, row.id(seq))
	if err != nil {
		return fmt.Errorf("message %d: %w", seq, err)
	}
	blob, err := proto.Marshal(change(m))
	if err != nil {
		return err
	}
	_, err = f.exec("UPDATE messages SET message = ? WHERE id = ?", blob, row.id(seq))
	return err
}

// repliesBy changes the count of a thread's messages.
func repliesBy(n int) func(*chatv1.Message) *chatv1.Message {
	return func(m *chatv1.Message) *chatv1.Message {
		count := uint32(max(int(m.GetReplyCount())+n, 0))
		m.ReplyCount = &count
		return m
	}
}

func (f *fold) edited(row *roomRow, e *chatv1.Event, c *chatv1.Edited) error {
	var edited *chatv1.Message
	err := f.amend(row, c.GetSeq(), func(m *chatv1.Message) *chatv1.Message {
		edited = room.Edited(m, c, e.GetTimeMs())
		return edited
	})
	if err == nil {
		err = f.words.replace(row, edited)
	}
	if err != nil {
		return err
	}
	_, err = f.exec("UPDATE messages SET changed = ? WHERE id = ?", e.GetSeq(), row.id(c.GetSeq()))
	return err
}

// deleted takes a message's text and reactions away, and it out of its thread's
// count.
func (f *fold) deleted(row *roomRow, e *chatv1.Event, c *chatv1.Deleted) error {
	var thread uint32
	err := f.amend(row, c.GetSeq(), func(m *chatv1.Message) *chatv1.Message {
		thread = m.GetThread()
		return room.Erased(m)
	})
	if err == nil && thread > 0 {
		err = f.amend(row, thread, repliesBy(-1))
	}
	if err == nil {
		err = f.words.remove(row.id(c.GetSeq()))
	}
	if err != nil {
		return err
	}
	_, err = f.exec("UPDATE messages SET deleted = ?, reacted = 0, doc = 0 WHERE id = ?", e.GetSeq(), row.id(c.GetSeq()))
	_, err2 := f.exec("DELETE FROM reactions WHERE id = ?", row.id(c.GetSeq()))
	return errors.Join(err, err2)
}

func (f *fold) reacted(row *roomRow, e *chatv1.Event, c *chatv1.Reacted) error {
	id := row.id(c.GetSeq())
	if c.GetEmoji() == "" {
		return nil // erased
	}
	if c.GetRemoved() {
		_, err := f.exec("DELETE FROM reactions WHERE id = ? AND emoji = ? AND user = ?", id, c.GetEmoji(), e.GetUser())
		return err
	}
	_, err := f.exec("INSERT INTO reactions (id, emoji, user, seq) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", id, c.GetEmoji(), e.GetUser(), e.GetSeq())
	_, err2 := f.exec("UPDATE messages SET reacted = 1 WHERE id = ?", id)
	return errors.Join(err, err2)
}

func (f *fold) removed(row *roomRow, c *chatv1.Removed) error {
	err := f.exit(row, c.GetUser())
	if err == nil && c.GetBanned() {
		err = f.sanction(row, c.GetUser(), "banned", room.Until(c.GetUntil()))
	}
	return err
}

// sanction sets until when a user is banned or muted, or when they sent (the
// column's name).
func (f *fold) sanction(row *roomRow, user, column string, ms int64) error {
	if user == room.Nobody {
		return nil
	}
	_, err := f.exec("INSERT INTO sanctions (number, user, banned, muted, sent) VALUES (?, ?, 0, 0, 0) ON CONFLICT DO NOTHING", row.number, user)
	if err == nil {
		_, err = f.exec("UPDATE sanctions SET "+column+" = ? WHERE number = ? AND user = ?", ms, row.number, user)
	}
	return err
}
