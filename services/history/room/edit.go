package room

import (
	"strings"
	"unicode"
	"unicode/utf8"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// edit gives one's own message another text.
func (d *decision) edit(c *chatv1.Edit) Decision {
	if r := checkText(c.GetText(), d.limits.Text); r != nil {
		return refused(r)
	}
	m, r := d.message("seq", c.GetSeq())
	if r != nil {
		return refused(r)
	}
	if r := d.checkWrite(write); r != nil {
		return refused(r)
	}
	switch {
	case m.User != d.By.GetUser():
		return refused(refuse(chatv1.ErrorCode_FORBIDDEN, "only its author edits a message"))
	case m.Deleted > 0:
		return refused(gone())
	case m.Text == DigestOf(c.GetText()):
		return d.already(m.Changed, d.TimeMs)
	}
	e := d.event()
	e.Change = &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: c.GetSeq(), Text: c.GetText(), Mentions: d.mentions(c.GetText())}}
	return decided(e)
}

// delete takes a message's text away: its author's, or whoever looks after the
// room.
func (d *decision) delete(c *chatv1.Delete) Decision {
	m, r := d.message("seq", c.GetSeq())
	if r != nil {
		return refused(r)
	}
	allowed := deleteOthers
	if m.User == d.By.GetUser() {
		allowed = write
	}
	if r := d.checkWrite(allowed); r != nil {
		return refused(r)
	}
	if m.Deleted > 0 {
		return d.already(m.Deleted, d.TimeMs)
	}
	e := d.event()
	e.Change = &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: c.GetSeq()}}
	return decided(e)
}

// react adds the actor's reaction to a message, or takes it back.
func (d *decision) react(c *chatv1.React) Decision {
	if r := checkEmoji(c.GetEmoji()); r != nil {
		return refused(r)
	}
	m, r := d.message("seq", c.GetSeq())
	if r != nil {
		return refused(r)
	}
	if r := d.checkWrite(reactTo); r != nil {
		return refused(r)
	}
	if m.Deleted > 0 {
		return refused(gone())
	}
	since, is := m.Reactions[c.GetEmoji()][d.By.GetUser()]
	switch {
	case is && !c.GetRemove():
		return d.already(since, d.TimeMs)
	case !is && c.GetRemove():
		return d.alreadyNow()
	case !is && m.Reactions[c.GetEmoji()] == nil && d.limits.Reactions > 0 && len(m.Reactions) >= d.limits.Reactions:
		return refused(withField(refuse(chatv1.ErrorCode_TOO_LARGE, "a message has at most %d kinds of reaction", d.limits.Reactions), "emoji"))
	}
	e := d.event()
	e.Change = &chatv1.Event_Reacted{Reacted: &chatv1.Reacted{Seq: c.GetSeq(), Emoji: c.GetEmoji(), Removed: c.GetRemove()}}
	return decided(e)
}

// read raises the actor's read marker, clamped to the head. It is no event.
func (d *decision) read(c *chatv1.Read) Decision {
	m := d.Members[d.By.GetUser()]
	if m == nil {
		return refused(refuse(chatv1.ErrorCode_FORBIDDEN, "only members have a read marker; join the room first"))
	}
	seq := min(c.GetSeq(), d.Head)
	if seq <= m.ReadSeq {
		return d.already(m.ReadSeq, d.TimeMs)
	}
	return Decision{Seq: seq, TimeMs: d.now, Mark: &chatv1.Mark{Room: d.State.ID, User: d.By.GetUser(), Seq: seq, TimeMs: d.now, Hidden: c.GetHidden()}}
}

// message is one of this room's that a field names.
func (d *decision) message(field string, seq uint32) (*Message, *chatv1.Refusal) {
	if m, known := d.Message(seq); known && m != nil {
		return m, nil
	}
	if 0 < seq && seq < d.Since {
		return nil, withField(trimmedAway(), field)
	}
	return nil, withField(refuse(chatv1.ErrorCode_NOT_FOUND, "there is no message with that seq in this room"), field)
}

func gone() *chatv1.Refusal {
	return refuse(chatv1.ErrorCode_GONE, "the message was deleted")
}

func checkEmoji(emoji string) *chatv1.Refusal {
	if emoji == "" || len(emoji) > maxEmoji || !utf8.ValidString(emoji) || blank(emoji) || strings.ContainsFunc(emoji, unicode.IsControl) {
		return badField("emoji", "a reaction has 1 to %d bytes of UTF-8", maxEmoji)
	}
	return nil
}
