package history

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
)

func command(id, room, user string, set func(*chatv1.Command)) *chatv1.Command {
	c := &chatv1.Command{Id: id, Actor: by(user), Room: room}
	set(c)
	return c
}

func edit(id, room, user string, seq uint32, text string) *chatv1.Command {
	return command(id, room, user, func(c *chatv1.Command) {
		c.Change = &chatv1.Command_Edit{Edit: &chatv1.Edit{Seq: seq, Text: text}}
	})
}

func react(id, room, user string, seq uint32) *chatv1.Command {
	return command(id, room, user, func(c *chatv1.Command) {
		c.Change = &chatv1.Command_React{React: &chatv1.React{Seq: seq, Emoji: "👍"}}
	})
}

func read(id, room, user string, seq uint32) *chatv1.Command {
	return command(id, room, user, func(c *chatv1.Command) { c.Change = &chatv1.Command_Read{Read: &chatv1.Read{Seq: seq}} })
}

// view is the room as a user sees it.
func (r *running) view(room, user string) *chatv1.View {
	r.t.Helper()
	return r.ask(room, &chatv1.Ask{Question: &chatv1.Ask_Views{Views: &chatv1.AskViews{User: user, Rooms: []*chatv1.RoomPosition{{Room: room}}}}}).GetViews().GetViews()[0]
}

// TestOldMessagesAreChangedFromTheStore: after a restart what decisions need
// of old messages comes from the store, and is decided as before.
func TestOldMessagesAreChangedFromTheStore(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	h := start(t, server, dir)
	h.must(create("c1", "lobby", "ana"))
	h.must(join("j1", "lobby", "bo"))
	h.must(send("s1", "lobby", "ana", message("m1", "first", 1))) // 3
	h.must(react("r1", "lobby", "bo", 3))                         // 4
	h.stop()
	h = start(t, server, dir)
	if got := h.must(react("r2", "lobby", "bo", 3)); !got.GetDuplicate() || got.GetSeq() != 4 {
		t.Errorf("reacting again: %v, want a duplicate of 4", got)
	}
	if got := h.do(edit("e1", "lobby", "bo", 3, "not mine")).GetResults()[0]; got.GetRefusal().GetCode() != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("editing another's: %v", got)
	}
	if got := h.must(edit("e2", "lobby", "ana", 3, "second")); got.GetSeq() != 5 {
		t.Errorf("editing one's own: %v", got)
	}
	if got := h.must(edit("e3", "lobby", "ana", 3, "second")); !got.GetDuplicate() || got.GetSeq() != 5 {
		t.Errorf("editing to the same: %v, want a duplicate of 5", got)
	}
	for _, seq := range []uint32{1, 99} {
		if got := h.do(react("x", "lobby", "ana", seq)).GetResults()[0]; got.GetRefusal().GetCode() != chatv1.ErrorCode_NOT_FOUND {
			t.Errorf("reacting to %d, which is no message: %v", seq, got)
		}
	}
}

func TestReadMarkersRiseAndCount(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	h := start(t, server, dir)
	h.must(create("c1", "lobby", "ana"))
	h.must(join("j1", "lobby", "bo"))
	marks := make(chan *chatv1.Mark, 10)
	if _, err := h.gateway.Subscribe(subject.Marks("lobby"), func(m *nats.Msg) {
		var list chatv1.Marks
		if proto.Unmarshal(m.Data, &list) == nil {
			for _, mark := range list.GetMarks() {
				marks <- mark
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := h.gateway.Flush(); err != nil {
		t.Fatal(err)
	}
	for n := range 5 { // 3 to 7
		h.must(send(fmt.Sprint("s", n), "lobby", "ana", message(fmt.Sprint("m", n), "hi <@bo>", 1)))
	}
	check := func(what string, unread, mentions, readSeq, head uint32) {
		t.Helper()
		v := h.view("lobby", "bo").GetView()
		if v.GetUnread() != unread || v.GetMentions() != mentions || v.GetReadSeq() != readSeq || v.GetHead() != head {
			t.Errorf("%s: unread %d, mentions %d, read %d, head %d; want %d, %d, %d, %d", what, v.GetUnread(), v.GetMentions(), v.GetReadSeq(), v.GetHead(), unread, mentions, readSeq, head)
		}
	}
	check("at first", 5, 5, 2, 7)
	if got := h.must(read("r1", "lobby", "bo", 4)); got.GetSeq() != 4 || got.GetDuplicate() {
		t.Errorf("read 4: %v", got)
	}
	check("after reading to 4", 3, 3, 4, 7)
	select {
	case m := <-marks:
		if m.GetUser() != "bo" || m.GetSeq() != 4 {
			t.Errorf("the mark told is %v", m)
		}
	case <-time.After(10 * time.Second):
		t.Error("the mark is not told")
	}
	if got := h.must(read("r2", "lobby", "bo", 3)); !got.GetDuplicate() || got.GetSeq() != 4 {
		t.Errorf("a mark that falls: %v", got)
	}
	h.must(edit("e1", "lobby", "ana", 7, "no mention now")) // 8
	h.must(command("d1", "lobby", "ana", func(c *chatv1.Command) { c.Change = &chatv1.Command_Delete{Delete: &chatv1.Delete{Seq: 6}} }))
	check("after an edit and a delete", 2, 1, 4, 9)
	h.must(send("own", "lobby", "bo", message("own", "mine <@bo>", 1))) // 10
	check("one's own", 2, 1, 4, 10)
	h.stop()
	h = start(t, server, dir)
	check("after a restart", 2, 1, 4, 10)
	if got := h.must(read("r3", "lobby", "bo", 4_000_000)); got.GetSeq() != 10 {
		t.Errorf("a mark beyond the head: %v, want 10", got)
	}
	check("clamped", 0, 0, 10, 10)
}

func TestBannedAndRemovedUsersAreOut(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	h.must(create("c1", "lobby", "ana"))
	h.must(join("j1", "lobby", "bo"))
	ban := func(id string) *chatv1.Command {
		return command(id, "lobby", "ana", func(c *chatv1.Command) { c.Change = &chatv1.Command_Ban{Ban: &chatv1.Ban{User: "bo"}} })
	}
	if got := h.must(ban("b1")); got.GetSeq() != 3 {
		t.Fatalf("ban: %v", got)
	}
	if got := h.must(ban("b2")); !got.GetDuplicate() {
		t.Errorf("ban again: %v", got)
	}
	if got := h.view("lobby", "bo").GetRefusal().GetCode(); got != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("a banned user looks: %v", got)
	}
	if got := h.do(join("j2", "lobby", "bo")).GetResults()[0].GetRefusal().GetCode(); got != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("a banned user joins: %v", got)
	}
	h.must(command("u1", "lobby", "ana", func(c *chatv1.Command) { c.Change = &chatv1.Command_Unban{Unban: &chatv1.Unban{User: "bo"}} }))
	h.must(join("j3", "lobby", "bo"))
}

func TestDirectRoomIsTheSameForBoth(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	id := subject.DirectRoom("ana", "bo")
	open := func(command_, user, other string) *chatv1.Command {
		return command(command_, id, user, func(c *chatv1.Command) {
			c.Change = &chatv1.Command_OpenDirect{OpenDirect: &chatv1.OpenDirect{User: other}}
		})
	}
	if got := h.must(open("o1", "ana", "bo")); got.GetSeq() != 1 || got.GetDuplicate() {
		t.Fatalf("open: %v", got)
	}
	if got := h.must(open("o2", "bo", "ana")); !got.GetDuplicate() {
		t.Errorf("the other opens it too: %v", got)
	}
	if v := h.view(id, "ana").GetView(); v.GetName() != "bo" || v.GetKind() != chatv1.RoomKind_DIRECT || v.GetMemberCount() != 2 {
		t.Errorf("as ana sees it: %v", v)
	}
	for name, c := range map[string]*chatv1.Command{
		"join by a third": join("x1", id, "eve"),
		"open by a third": open("x2", "eve", "ana"),
		"leave":           leave("x3", id, "ana"),
		"kick":            command("x4", id, "ana", func(c *chatv1.Command) { c.Change = &chatv1.Command_Kick{Kick: &chatv1.Kick{User: "bo"}} }),
		"invite":          command("x5", id, "ana", func(c *chatv1.Command) { c.Change = &chatv1.Command_Invite{Invite: &chatv1.Invite{User: "eve"}} }),
		"delete":          command("x6", id, "ana", func(c *chatv1.Command) { c.Change = &chatv1.Command_DeleteRoom{DeleteRoom: &chatv1.DeleteRoom{}} }),
	} {
		if r := h.do(c).GetResults()[0]; r.GetRefusal() == nil {
			t.Errorf("%s: %v", name, r)
		}
	}
}
