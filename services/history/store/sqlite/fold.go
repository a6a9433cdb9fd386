package sqlite

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// event folds one event; it must follow the room's head.
func (f *fold) event(e *chatv1.Event) error {
	var row *roomRow
	var err error
	if e.GetSeq() == 1 {
		row, err = f.create(e)
	} else {
		row, err = f.room(e.GetRoom())
	}
	if err != nil {
		return err
	}
	if !room.Follows(e, row.head) {
		return fmt.Errorf("it does not follow the head %d", row.head)
	}
	row.head, row.activeMs = e.GetSeq(), e.GetTimeMs()
	if e.GetMessage() == nil || room.TrimmedBy(e) > row.since {
		if err := f.write(row); err != nil {
			return err
		}
	}
	if err := f.trim(row, room.TrimmedBy(e)); err != nil {
		return err
	}
	if e.GetMessage() != nil {
		return f.post(row, e)
	}
	blob, err := proto.Marshal(room.Kept(e))
	if err != nil {
		return err
	}
	if _, err := f.exec("INSERT INTO events (id, event, about) VALUES (?, ?, ?)", row.id(e.GetSeq()), blob, row.about(e)); err != nil {
		return err
	}
	return f.change(row, e)
}

// change folds what an event says into the room, its members and its messages.
func (f *fold) change(row *roomRow, e *chatv1.Event) error {
	if seq := room.Subject(e); 0 < seq && seq < row.since {
		return nil // of an export: what it is about was trimmed
	}
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Created:
		row.name, row.kind, row.topic = c.Created.GetName(), c.Created.GetKind(), c.Created.GetTopic()
		for _, m := range c.Created.GetMembers() {
			if err := f.enter(row, m.GetUser(), m.GetName(), m.GetRole(), e.GetSeq()); err != nil {
				return err
			}
		}
	case *chatv1.Event_Joined:
		return f.enter(row, e.GetUser(), e.GetName(), c.Joined.GetRole(), e.GetSeq())
	case *chatv1.Event_Left:
		return f.exit(row, e.GetUser())
	case *chatv1.Event_Removed:
		return f.removed(row, c.Removed)
	case *chatv1.Event_Unbanned:
		return f.sanction(row, c.Unbanned.GetUser(), "banned", 0)
	case *chatv1.Event_Muted:
		return f.sanction(row, c.Muted.GetUser(), "muted", room.Until(c.Muted.GetUntil()))
	case *chatv1.Event_Unmuted:
		return f.sanction(row, c.Unmuted.GetUser(), "muted", 0)
	case *chatv1.Event_RoleSet:
		_, err := f.exec("UPDATE members SET role = ? WHERE number = ? AND user = ?", c.RoleSet.GetRole(), row.number, c.RoleSet.GetUser())
		return err
	case *chatv1.Event_Updated:
		f.updated(row, c.Updated)
	case *chatv1.Event_Edited:
		return f.edited(row, e, c.Edited)
	case *chatv1.Event_Deleted:
		return f.deleted(row, e, c.Deleted)
	case *chatv1.Event_Reacted:
		return f.reacted(row, e, c.Reacted)
	case *chatv1.Event_Closed:
		row.closed = true
	case *chatv1.Event_Erased:
		return f.erased(row, e, c.Erased)
	case *chatv1.Event_RetentionSet:
		var err error
		row.retention, err = proto.Marshal(c.RetentionSet)
		return err
	}
	return nil
}

func (f *fold) enter(row *roomRow, user, name string, role chatv1.Role, seq uint32) error {
	if user == room.Nobody {
		return nil
	}
	result, err := f.exec("INSERT INTO members (number, user, name, role, joined_seq, read_seq) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		row.number, user, name, role, seq, seq)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	row.members += n
	return err
}

func (f *fold) exit(row *roomRow, user string) error {
	delete(row.authors, user) // who comes back may have another name
	result, err := f.exec("DELETE FROM members WHERE number = ? AND user = ?", row.number, user)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	row.members -= n
	return err
}

func (f *fold) updated(row *roomRow, u *chatv1.Updated) {
	if u.Name != nil {
		row.name = u.GetName()
	}
	if u.Topic != nil {
		row.topic = u.GetTopic()
	}
	if u.SlowModeSeconds != nil {
		row.slowMode = u.GetSlowModeSeconds()
	}
	if u.Archived != nil {
		row.archived = u.GetArchived()
	}
}
