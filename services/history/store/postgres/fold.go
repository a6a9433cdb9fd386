package postgres

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// fold is a batch of records being folded, in memory alone: all rows that its
// events are about, as they were and then as they become.
type fold struct {
	rooms     map[string]*roomRow
	members   map[userKey]*memberRow
	sanctions map[userKey]*sanctionRow
	messages  map[int64]*messageRow
	reactions map[reactionKey]*reactionRow
	wiped     map[int64]bool // messages that lost all reactions
	numbers   []int64        // for new rooms
	posted    []int64        // ids of new messages, in order
	events    []*eventRow
}

// eventRow is a row of the table events.
type eventRow struct {
	id    int64
	event []byte
	about int64
}

func newFold() *fold {
	return &fold{
		rooms: map[string]*roomRow{}, members: map[userKey]*memberRow{}, sanctions: map[userKey]*sanctionRow{},
		messages: map[int64]*messageRow{}, reactions: map[reactionKey]*reactionRow{}, wiped: map[int64]bool{},
	}
}

func (f *fold) record(r *chatv1.LogRecord) error {
	for _, e := range r.GetEvents() {
		if err := f.event(e); err != nil {
			return fmt.Errorf("event %d of room %q: %w", e.GetSeq(), e.GetRoom(), err)
		}
	}
	for _, m := range r.GetMarks() {
		row := f.rooms[m.GetRoom()]
		if row == nil {
			return fmt.Errorf("a mark: room %q is not there", m.GetRoom())
		}
		if member := f.member(row, m.GetUser()); member.in && m.GetSeq() > member.read {
			member.read, member.changed = m.GetSeq(), true
		}
	}
	return nil
}

// event folds one event; it must follow the room's head.
func (f *fold) event(e *chatv1.Event) error {
	row := f.rooms[e.GetRoom()]
	switch {
	case e.GetSeq() == 1 && row == nil:
		row = f.create(e)
	case row == nil:
		return fmt.Errorf("room %q is not there", e.GetRoom())
	}
	if !room.Follows(e, row.head) {
		return fmt.Errorf("it does not follow the head %d", row.head)
	}
	row.head, row.activeMs = e.GetSeq(), e.GetTimeMs()
	row.trim(room.TrimmedBy(e))
	if e.GetMessage() != nil {
		return f.post(row, e)
	}
	blob, err := proto.Marshal(room.Kept(e))
	if err != nil {
		return err
	}
	f.events = append(f.events, &eventRow{row.id(e.GetSeq()), blob, row.about(e)})
	return f.change(row, e)
}

func (f *fold) create(e *chatv1.Event) *roomRow {
	row := &roomRow{number: f.numbers[0], room: e.GetRoom(), createdMs: e.GetTimeMs(), createdBy: e.GetUser(), fresh: true}
	f.numbers = f.numbers[1:]
	f.rooms[row.room] = row
	return row
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
			f.enter(row, m.GetUser(), m.GetName(), m.GetRole(), e.GetSeq())
		}
	case *chatv1.Event_Joined:
		f.enter(row, e.GetUser(), e.GetName(), c.Joined.GetRole(), e.GetSeq())
	case *chatv1.Event_Left:
		f.exit(row, e.GetUser())
	case *chatv1.Event_Removed:
		f.exit(row, c.Removed.GetUser())
		if c.Removed.GetBanned() {
			f.sanction(row, c.Removed.GetUser()).banned = room.Until(c.Removed.GetUntil())
		}
	case *chatv1.Event_Unbanned:
		f.sanction(row, c.Unbanned.GetUser()).banned = 0
	case *chatv1.Event_Muted:
		f.sanction(row, c.Muted.GetUser()).muted = room.Until(c.Muted.GetUntil())
	case *chatv1.Event_Unmuted:
		f.sanction(row, c.Unmuted.GetUser()).muted = 0
	case *chatv1.Event_RoleSet:
		if m := f.member(row, c.RoleSet.GetUser()); m.in {
			m.role, m.changed = c.RoleSet.GetRole(), true
		}
	case *chatv1.Event_Updated:
		row.update(c.Updated)
	case *chatv1.Event_Edited:
		return f.edited(row, e, c.Edited)
	case *chatv1.Event_Deleted:
		return f.deleted(row, e, c.Deleted)
	case *chatv1.Event_Reacted:
		return f.reacted(row, e, c.Reacted)
	case *chatv1.Event_Closed:
		row.closed = true
	case *chatv1.Event_RetentionSet:
		var err error
		row.retention, err = proto.Marshal(c.RetentionSet)
		return err
	}
	return nil
}

// trim notes that the messages before a seq go; they do after the batch.
func (r *roomRow) trim(before uint32) {
	r.trimmed, r.since = r.since, max(r.since, before)
	if r.lastMessage < r.since {
		r.lastMessage = 0
	}
}

func (r *roomRow) update(u *chatv1.Updated) {
	if u.Name != nil {
		r.name = u.GetName()
	}
	if u.Topic != nil {
		r.topic = u.GetTopic()
	}
	if u.SlowModeSeconds != nil {
		r.slowMode = u.GetSlowModeSeconds()
	}
	if u.Archived != nil {
		r.archived = u.GetArchived()
	}
}

// member is a user's row; one who is no member has a row that is not in.
func (f *fold) member(row *roomRow, user string) *memberRow {
	key := userKey{row.number, user}
	m := f.members[key]
	if m == nil {
		m = &memberRow{}
		f.members[key] = m
	}
	return m
}

func (f *fold) enter(row *roomRow, user, name string, role chatv1.Role, seq uint32) {
	m := f.member(row, user)
	if m.in || user == room.Nobody {
		return
	}
	m.name, m.role, m.joined, m.read, m.in, m.changed = name, role, seq, seq, true, true
	row.members++
}

func (f *fold) exit(row *roomRow, user string) {
	m := f.member(row, user)
	if !m.in {
		return
	}
	m.in, m.changed = false, true
	row.members--
}

// sanction is a user's row, to be changed.
func (f *fold) sanction(row *roomRow, user string) *sanctionRow {
	key := userKey{row.number, user}
	s := f.sanctions[key]
	if s == nil {
		s = &sanctionRow{}
		f.sanctions[key] = s
	}
	s.changed = user != room.Nobody
	return s
}
