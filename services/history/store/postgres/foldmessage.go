package postgres

import (
	"fmt"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// post folds a new message.
func (f *fold) post(row *roomRow, e *chatv1.Event) error {
	m := room.MessageOf(e)
	body := room.BodyOf(e.GetMessage())
	id := row.id(e.GetSeq())
	f.messages[id] = &messageRow{
		sent: sentDigest(row.room, e.GetUser(), e.GetClientMsgId()), body: body[:], changed: e.GetSeq(), command: e.GetCommandId(), message: m, fresh: true,
	}
	f.posted = append(f.posted, id)
	if m.Thread != nil {
		if err := f.amend(row, m.GetThread(), func(root *messageRow) { root.replies(1) }); err != nil {
			return err
		}
	}
	if member := f.member(row, e.GetUser()); member.in && e.GetName() != "" && member.name != e.GetName() {
		member.name, member.changed = e.GetName(), true
	}
	if row.slowMode > 0 {
		f.sanction(row, e.GetUser()).sent = e.GetTimeMs()
	}
	row.lastMessage = e.GetSeq()
	return nil
}

// amend changes a message that was posted before; one that was trimmed is not
// there.
func (f *fold) amend(row *roomRow, seq uint32, change func(*messageRow)) error {
	m := f.messages[row.id(seq)]
	if seq < row.since {
		return nil
	}
	if m == nil {
		return fmt.Errorf("message %d: %w", seq, store.ErrNotFound)
	}
	change(m)
	m.modified = true
	return nil
}

// replies changes the count of a thread's messages.
func (m *messageRow) replies(n int) {
	count := uint32(max(int(m.message.GetReplyCount())+n, 0))
	m.message.ReplyCount = &count
}

func (f *fold) edited(row *roomRow, e *chatv1.Event, c *chatv1.Edited) error {
	return f.amend(row, c.GetSeq(), func(m *messageRow) {
		m.message, m.changed, m.reworded = room.Edited(m.message, c, e.GetTimeMs()), e.GetSeq(), true
	})
}

// deleted takes a message's text and reactions away, and it out of its thread's
// count.
func (f *fold) deleted(row *roomRow, e *chatv1.Event, c *chatv1.Deleted) error {
	var thread uint32
	err := f.amend(row, c.GetSeq(), func(m *messageRow) {
		thread = m.message.GetThread()
		m.message, m.deleted, m.reacted, m.reworded = room.Erased(m.message), e.GetSeq(), false, true
	})
	if err == nil && thread > 0 {
		err = f.amend(row, thread, func(root *messageRow) { root.replies(-1) })
	}
	if err != nil {
		return err
	}
	id := row.id(c.GetSeq())
	f.wiped[id] = true
	for key, r := range f.reactions {
		if key.id == id {
			r.seq, r.changed = 0, false
		}
	}
	return nil
}

func (f *fold) reacted(row *roomRow, e *chatv1.Event, c *chatv1.Reacted) error {
	if c.GetEmoji() == "" {
		return nil // erased
	}
	key := reactionKey{row.id(c.GetSeq()), c.GetEmoji(), e.GetUser()}
	r := f.reactions[key]
	if r == nil {
		r = &reactionRow{}
		f.reactions[key] = r
	}
	if c.GetRemoved() {
		r.seq, r.changed = 0, true
		return nil
	}
	if r.seq == 0 {
		r.seq, r.changed = e.GetSeq(), true
	}
	return f.amend(row, c.GetSeq(), func(m *messageRow) { m.reacted = true })
}
