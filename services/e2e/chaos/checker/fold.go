package checker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// folded is a message as its events make it.
type folded struct {
	*history.Message
	texts     []string                   // by version, from 1
	reactions map[string]map[string]bool // by emoji: who
}

// fold makes the messages of a log.
func fold(events []history.Event) map[uint32]*folded {
	all := map[uint32]*folded{}
	for i := range events {
		e := &events[i]
		switch {
		case e.Message != nil:
			all[e.Seq] = &folded{
				Message:   &history.Message{Seq: e.Seq, User: e.User, Text: e.Message.Text, ClientMsgID: e.ClientMsgID, Version: 1, ReplyTo: e.Message.ReplyTo},
				texts:     []string{e.Message.Text},
				reactions: map[string]map[string]bool{},
			}
		case e.Edited != nil:
			if m := all[e.Edited.Seq]; m != nil {
				m.Text = e.Edited.Text
				m.Version++
				m.texts = append(m.texts, e.Edited.Text)
			}
		case e.Deleted != nil:
			if m := all[e.Deleted.Seq]; m != nil {
				m.Deleted, m.Text, m.reactions = true, "", nil
			}
		case e.Reacted != nil:
			if m := all[e.Reacted.Seq]; m != nil && !m.Deleted {
				m.react(e.User, e.Reacted)
			}
		}
	}
	return all
}

func (m *folded) react(user string, c *history.Reacted) {
	if m.reactions[c.Emoji] == nil {
		m.reactions[c.Emoji] = map[string]bool{}
	}
	if c.Removed {
		delete(m.reactions[c.Emoji], user)
	} else {
		m.reactions[c.Emoji][user] = true
	}
}

// counts are the reactions as one line.
func (m *folded) counts() string {
	var parts []string
	for emoji, users := range m.reactions {
		if len(users) > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", emoji, len(users)))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func counts(m *history.Message) string {
	var parts []string
	for _, r := range m.Reactions {
		parts = append(parts, fmt.Sprintf("%s %d", r.Emoji, r.Count))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// folds: what the store made of the log is what the log makes.
func (r *run) folds() {
	messages := map[string]map[uint32]*folded{}
	for id, m := range r.rooms {
		messages[id] = fold(m.Events)
		r.finalPages(m, messages[id])
		r.finalMembers(m)
	}
	for _, g := range r.frames {
		if page := g.frame.Page; page != nil && !r.unread(page.Room) {
			r.page(g, page, messages[page.Room])
		}
	}
}

func (r *run) finalPages(m *room, want map[uint32]*folded) {
	broke := func(seq uint32, text string, args ...any) {
		r.broke(Violation{Rule: "fold", Room: m.Room.Room, Seq: seq, Text: fmt.Sprintf(text, args...)})
	}
	if m.Head != uint32(len(m.Events)) {
		broke(m.Head, "the room says that it ends at %d, its log has %d events", m.Head, len(m.Events))
	}
	before := uint32(0)
	have := map[uint32]bool{}
	for i := range m.Messages {
		got := &m.Messages[i]
		if got.Seq <= before {
			broke(got.Seq, "the pages have it after %d", before)
		}
		before, have[got.Seq] = got.Seq, true
		f := want[got.Seq]
		switch {
		case f == nil:
			broke(got.Seq, "the pages have a message here, and the log has none")
		case got.User != f.User || got.ClientMsgID != f.ClientMsgID:
			broke(got.Seq, "the pages have message %s of %s, the log %s of %s", got.ClientMsgID, got.User, f.ClientMsgID, f.User)
		case got.Deleted != f.Deleted || got.Text != f.Text:
			broke(got.Seq, "the pages have %q (deleted: %t), by the log it is %q (deleted: %t)", got.Text, got.Deleted, f.Text, f.Deleted)
		case !f.Deleted && (got.Version != f.Version || counts(got) != f.counts()):
			broke(got.Seq, "the pages have version %d with reactions %q, by the log it is %d with %q", got.Version, counts(got), f.Version, f.counts())
		}
	}
	for seq := range want {
		if !have[seq] {
			broke(seq, "the log has a message here, and the pages do not")
		}
	}
}

func (r *run) finalMembers(m *room) {
	have := map[string]string{}
	for _, member := range m.Members {
		have[member.User] = member.Role
	}
	want := roles(m.Events)
	for user, role := range want {
		if have[user] != role {
			r.broke(Violation{Rule: "fold", Room: m.Room.Room, User: user, Text: fmt.Sprintf("by the log they are %s, by the members %q", role, have[user])})
		}
	}
	for user, role := range have {
		if want[user] == "" {
			r.broke(Violation{Rule: "fold", Room: m.Room.Room, User: user, Text: fmt.Sprintf("by the members they are %s, by the log no member", role)})
		}
	}
	if int(m.MemberCount) != len(have) {
		r.broke(Violation{Rule: "fold", Room: m.Room.Room, Text: fmt.Sprintf("the room counts %d members and lists %d", m.MemberCount, len(have))})
	}
}

// roles of the members by a log.
func roles(events []history.Event) map[string]string {
	now := map[string]string{}
	for i := range events {
		e := &events[i]
		switch {
		case e.Created != nil:
			for _, member := range e.Created.Members {
				now[member.User] = member.Role
			}
		case e.Joined != nil:
			now[e.User] = e.Joined.Role
		case e.RoleSet != nil && now[e.RoleSet.User] != "":
			now[e.RoleSet.User] = e.RoleSet.Role
		case e.Goes() != "":
			delete(now, e.Goes())
		}
	}
	return now
}

// page: a message on a page was so at some time.
func (r *run) page(g got, page *history.Page, log map[uint32]*folded) {
	before := uint32(0)
	for i := range page.Messages {
		m := &page.Messages[i]
		f := log[m.Seq]
		switch {
		case m.Seq <= before:
			r.broke(g.of("fold", page.Room, m.Seq, "a page has it after %d", before))
		case f == nil:
			r.broke(g.of("unstored", page.Room, m.Seq, "a page has message %s here, and the log has none", m.ClientMsgID))
		case m.User != f.User || m.ClientMsgID != f.ClientMsgID:
			r.broke(g.of("order", page.Room, m.Seq, "a page has message %s of %s, the log %s of %s", m.ClientMsgID, m.User, f.ClientMsgID, f.User))
		case m.Deleted || f.Deleted: // its words are gone from the log
		case m.Version < 1 || int(m.Version) > len(f.texts) || f.texts[m.Version-1] != m.Text:
			r.broke(g.of("fold", page.Room, m.Seq, "a page has %q as version %d, which the message never was", m.Text, m.Version))
		}
		before = m.Seq
	}
}
