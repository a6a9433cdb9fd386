package sqlite

import (
	"cmp"
	"database/sql/driver"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// posted is a message that waits to be written.
type posted struct {
	event *chatv1.Event
	doc   int64
}

// post folds a message. Its row waits for the room's others, until something
// else happens there: rows that lie side by side are written at less cost.
func (f *fold) post(row *roomRow, e *chatv1.Event) error {
	doc, err := f.words.place(e.GetTimeMs())
	if err != nil {
		return err
	}
	author := row.author(e.GetUser())
	if err := f.words.put(doc, author.scope, e.GetMessage().GetText()); err != nil {
		return err
	}
	row.posted = append(row.posted, posted{e, doc})
	if e.GetMessage().Thread != nil {
		if err := f.reply(row, e); err != nil {
			return err
		}
	}
	f.named(row, author, e)
	if row.slowMode > 0 {
		if err := f.sanction(row, e.GetUser(), "sent", e.GetTimeMs()); err != nil {
			return err
		}
	}
	row.lastMessage = e.GetSeq()
	return nil
}

// reply puts a message into its thread.
func (f *fold) reply(row *roomRow, e *chatv1.Event) error {
	if err := f.write(row); err != nil {
		return err
	}
	thread := e.GetMessage().GetThread()
	if _, err := f.exec("INSERT INTO thread_messages (thread, id) VALUES (?, ?)", row.id(thread), row.id(e.GetSeq())); err != nil {
		return err
	}
	return f.amend(row, thread, repliesBy(1))
}

// named is what a member is called now.
type named struct{ user, name string }

// named keeps what a member is called, looked at once in a transaction.
func (f *fold) named(row *roomRow, by *author, e *chatv1.Event) {
	name := e.GetName()
	if name == "" || by.name == name {
		return
	}
	by.name = name
	row.named = append(row.named, named{e.GetUser(), name})
}

// write writes the messages of a room that wait, and the names of their authors.
func (f *fold) write(row *roomRow) error {
	err := f.rows(`INSERT INTO messages (id, sent, body, user, deleted, changed, reacted, command, message, doc)
		VALUES (?1, ?2, ?3, ?4, 0, ?1 & 0xffffffff, 0, ?5, ?6, ?7)`, len(row.posted), 7, func(n int, args []driver.NamedValue) error {
		e, body := row.posted[n].event, room.BodyOf(row.posted[n].event.GetMessage())
		var err error
		f.blob, err = proto.MarshalOptions{}.MarshalAppend(f.blob[:0], room.MessageOf(e))
		args[0].Value, args[1].Value = row.id(e.GetSeq()), sentDigest(row.number, e.GetUser(), e.GetClientMsgId())
		args[2].Value, args[3].Value, args[4].Value = body[:], e.GetUser(), e.GetCommandId()
		args[5].Value, args[6].Value = f.blob, row.posted[n].doc
		return err
	})
	if err != nil {
		return err
	}
	clear(row.posted)
	row.posted = row.posted[:0]
	err = f.rows("UPDATE members SET name = ?3 WHERE number = ?1 AND user = ?2 AND name != ?3", len(row.named), 3, func(n int, args []driver.NamedValue) error {
		args[0].Value, args[1].Value, args[2].Value = row.number, row.named[n].user, row.named[n].name
		return nil
	})
	row.named = row.named[:0]
	return err
}

// inOrder are the rooms that were touched, as the tables have them.
func (f *fold) inOrder() []*roomRow {
	return slices.SortedFunc(maps.Values(f.rooms), func(a, b *roomRow) int { return cmp.Compare(a.number, b.number) })
}
