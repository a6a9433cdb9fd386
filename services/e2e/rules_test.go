package e2e_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// cast is one room with somebody of each role in it, on both gateways.
type cast struct {
	room                                      string
	owner, moderator, member, reader, outside *session
}

func newCast(t *testing.T, d *shape.Deployment, kind string) cast {
	t.Helper()
	c := cast{
		room: unique(t, "room"), owner: enter(t, d, 0, unique(t, "owner")), moderator: enter(t, d, 1, unique(t, "moderator")),
		member: enter(t, d, 0, unique(t, "member")), reader: enter(t, d, 1, unique(t, "reader")), outside: enter(t, d, 0, unique(t, "outside")),
	}
	c.owner.view("createRoom", M{"room": c.room, "name": "Cast", "kind": kind})
	for _, s := range []*session{c.moderator, c.member, c.reader} {
		c.owner.ack("invite", M{"room": c.room, "user": s.user})
	}
	c.owner.ack("setRole", M{"room": c.room, "user": c.moderator.user, "role": "MODERATOR"})
	c.owner.ack("setRole", M{"room": c.room, "user": c.reader.user, "role": "READER"})
	return c
}

// TestCommandsByRole: what each role may, over WebSocket, and the code where it
// may not.
func TestCommandsByRole(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c := newCast(t, d, "PRIVATE")
		seq := c.owner.send(c.room, "the owner's").Seq
		guest := unique(t, "guest")
		for _, refusal := range []struct {
			by   *session
			kind string
			body M
		}{
			{c.reader, "send", c.reader.message(c.room, "x")},
			{c.reader, "react", M{"seq": seq, "emoji": "👍"}},
			{c.member, "edit", M{"seq": seq, "text": "x"}},
			{c.owner, "kick", M{"user": c.owner.user}},
			{c.member, "delete", M{"seq": seq}},
			{c.member, "invite", M{"user": guest}},
			{c.member, "kick", M{"user": c.reader.user}},
			{c.member, "ban", M{"user": c.reader.user}},
			{c.member, "mute", M{"user": c.reader.user}},
			{c.member, "updateRoom", M{"topic": "x"}},
			{c.moderator, "updateRoom", M{"archived": true}},
			{c.moderator, "deleteRoom", M{}},
			{c.moderator, "setRole", M{"user": c.member.user, "role": "OWNER"}},
			{c.moderator, "kick", M{"user": c.owner.user}},
			{c.moderator, "ban", M{"user": c.owner.user}},
			{c.moderator, "mute", M{"user": c.owner.user}},
			{c.owner, "leave", M{}},
			{c.owner, "setRole", M{"user": c.owner.user, "role": "MEMBER"}},
		} {
			refusal.body["room"] = c.room
			code, field := "FORBIDDEN", ""
			if refusal.by == c.owner && refusal.kind == "kick" {
				code, field = "BAD_REQUEST", "user"
			}
			refusal.by.refused(refusal.kind, refusal.body, code, field)
		}

		c.moderator.ack("updateRoom", M{"room": c.room, "topic": "by a moderator"})
		c.moderator.ack("invite", M{"room": c.room, "user": guest})
		c.moderator.ack("mute", M{"room": c.room, "user": c.member.user})
		c.member.refused("send", c.member.message(c.room, "muted"), "FORBIDDEN", "")
		c.moderator.ack("unmute", M{"room": c.room, "user": c.member.user})
		if again := c.moderator.ack("unmute", M{"room": c.room, "user": c.member.user}); !again.Duplicate {
			t.Errorf("unmuting twice: %+v", again)
		}
		own := c.member.send(c.room, "mine").Seq
		c.member.ack("edit", M{"room": c.room, "seq": own, "text": "mine, mended"})
		c.moderator.ack("delete", M{"room": c.room, "seq": own})
		c.owner.refused("react", M{"room": c.room, "seq": own, "emoji": "👍"}, "GONE", "")
		c.owner.refused("react", M{"room": c.room, "seq": 1, "emoji": "👍"}, "NOT_FOUND", "seq")
		c.owner.ack("updateRoom", M{"room": c.room, "archived": true})
		c.owner.refused("send", c.owner.message(c.room, "archived"), "FORBIDDEN", "")
		c.owner.ack("updateRoom", M{"room": c.room, "archived": false})
		c.owner.ack("setRole", M{"room": c.room, "user": c.member.user, "role": "OWNER"})
		c.owner.ack("leave", M{"room": c.room})
		c.member.ack("deleteRoom", M{"room": c.room})
		c.moderator.gone(c.room)
		c.moderator.refused("send", c.moderator.message(c.room, "deleted"), "GONE", "")
	})
}

// TestPrivateRoomIsLikeNone: no frame tells a private room from a missing one.
func TestPrivateRoomIsLikeNone(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c := newCast(t, d, "PRIVATE")
		c.owner.send(c.room, "a secret word")
		missing := unique(t, "missing")
		numbers := regexp.MustCompile(`"re":\s*\d+`)
		for kind, body := range map[string]M{
			"join": {}, "leave": {}, "watch": {}, "messages": {}, "members": {}, "presence": {}, "deleteRoom": {},
			"send": c.outside.message("", "x"), "edit": {"seq": 2, "text": "x"}, "delete": {"seq": 2}, "react": {"seq": 2, "emoji": "👍"},
			"read": {"seq": 1}, "invite": {"user": "somebody"}, "kick": {"user": c.owner.user}, "ban": {"user": c.owner.user}, "unban": {"user": "x"},
			"mute": {"user": c.owner.user}, "unmute": {"user": "x"}, "setRole": {"user": c.owner.user, "role": "MEMBER"}, "updateRoom": {"topic": "x"},
			"typing": {}, "signal": {"name": "x"},
		} {
			var answers []string
			for _, room := range []string{c.room, missing} {
				body["room"] = room
				reply := c.outside.do(kind, body)
				raw, err := json.Marshal(reply.Error)
				if err != nil {
					t.Fatal(err)
				}
				if reply.Error == nil || reply.Error.Code != "NOT_FOUND" {
					t.Errorf("%s into %s: %s", kind, room, reply)
				}
				answers = append(answers, numbers.ReplaceAllString(string(raw), ""))
			}
			if answers[0] != answers[1] {
				t.Errorf("%s tells a private room (%s) from a missing one (%s)", kind, answers[0], answers[1])
			}
		}
		for _, view := range c.outside.do("rooms", M{"limit": 100, "query": c.room}).RoomList.Rooms {
			if view.Room == c.room {
				t.Errorf("the list shows %+v", view)
			}
		}
	})
}

// TestKickedUnderLoad: whoever is removed gets that event, then gone, and not
// one event more, while many go on writing.
func TestKickedUnderLoad(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		owner := enter(t, d, 0, unique(t, "owner"))
		room := owner.create(unique(t, "room"), nil).Room
		var writers []*session
		for i := range 6 {
			w := enter(t, d, i, unique(t, fmt.Sprint("writer", i)))
			w.view("join", M{"room": room})
			writers = append(writers, w)
		}
		var stop atomic.Bool
		var wg sync.WaitGroup
		for _, w := range writers {
			wg.Go(func() {
				for !stop.Load() {
					if reply, err := w.Do(t.Context(), "send", w.message(room, "on and on")); err != nil || reply.Ack == nil {
						t.Errorf("%s: %s, %v", w.user, reply, err)
						return
					}
				}
			})
		}
		for round := range 4 {
			bo := enter(t, d, round, unique(t, "bo"))
			bo.view("join", M{"room": room})
			removed := owner.ack([]string{"kick", "ban"}[round%2], M{"room": room, "user": bo.user}).Seq
			bo.gone(room)
			later := owner.send(room, "after bo").Seq
			owner.reach(room, later)
			bo.ping() // all that was on its way to bo is here
			var last uint32
			ended := false
			for _, frame := range bo.Since(0) {
				switch {
				case frame.Gone != nil && frame.Gone.Room == room:
					ended = true
				case frame.Event != nil && frame.Event.Room == room && ended:
					t.Errorf("after gone came event %d", frame.Event.Seq)
				case frame.Event != nil && frame.Event.Room == room:
					last = frame.Event.Seq
				}
			}
			if last != removed {
				t.Errorf("bo's last event is %d, removed at %d", last, removed)
			}
		}
		stop.Store(true)
		wg.Wait()
	})
}

// TestMessagesAreFolded: pages show what edits, deletions and reactions made of
// messages; what is deleted is in no answer any more.
func TestMessagesAreFolded(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		root := ana.send(room, "a secret word").Seq
		reply := bo.message(room, "in the thread")
		reply["thread"], reply["replyTo"] = root, root
		bo.ack("send", reply)
		bo.ack("react", M{"room": room, "seq": root, "emoji": "🎉"})
		if again := bo.ack("react", M{"room": room, "seq": root, "emoji": "🎉"}); !again.Duplicate {
			t.Errorf("reacting twice: %+v", again)
		}
		ana.ack("edit", M{"room": room, "seq": root, "text": "hello <@" + bo.user + ">"})
		page := bo.page(M{"room": room})
		if m := page.Messages[0]; m.Text != "hello <@"+bo.user+">" || m.Version != 2 || len(m.Mentions) != 1 || m.Mentions[0] != bo.user {
			t.Errorf("the edited message: %+v", m)
		}
		if thread := ana.page(M{"room": room, "thread": root}); len(thread.Messages) != 1 || thread.Messages[0].Text != "in the thread" {
			t.Errorf("the thread: %+v", thread)
		}
		last := ana.ack("delete", M{"room": room, "seq": root}).Seq
		bo.reach(room, last)
		if m := bo.page(M{"room": room}).Messages[0]; !m.Deleted || m.Text != "" {
			t.Errorf("the deleted message: %+v", m)
		}
		fresh := enterWith(t, d, 1, bo.user, M{"epoch": bo.Epoch(), "resume": []M{{"room": room, "seq": uint32(1)}}})
		fresh.reach(room, last)
		for _, event := range fresh.Events(room, 0) {
			if event.Seq == root && (event.Message == nil || event.Message.Text != "") {
				t.Errorf("a resume shows what was deleted: %+v", event.Message)
			}
		}
	})
}

// TestReadMarks: they reach the user's other devices and the room, and count.
func TestReadMarks(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, desk := enter(t, d, 0, unique(t, "ana")), enter(t, d, 0, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		desk.view("join", M{"room": room})
		phone := enter(t, d, 1, desk.user)
		phone.view("watch", M{"room": room}) // the list of rooms may lag a moment behind the join
		var seq uint32
		for range 3 {
			seq = ana.send(room, "hi <@"+desk.user+">").Seq
		}
		desk.reach(room, seq)
		desk.ok("read", M{"room": room, "seq": seq - 1})
		for _, s := range []*session{phone, ana} {
			s.await("bo's mark", 0, func(f client.Frame) bool {
				return f.ReadMark != nil && f.ReadMark.Room == room && f.ReadMark.User == desk.user && f.ReadMark.Seq == seq-1
			})
		}
		for _, view := range enter(t, d, 0, desk.user).welcome.Rooms {
			if view.Room == room && (view.Unread != 1 || view.Mentions != 1 || view.ReadSeq != seq-1) {
				t.Errorf("the next welcome says %+v", view)
			}
		}
	})
}

func TestDirectRooms(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		view := ana.view("openDirect", M{"user": bo.user})
		if view.Kind != "DIRECT" || view.MemberCount != 2 || view.Name == "" {
			t.Errorf("ana's direct room: %+v", view)
		}
		bo.await("the direct room", 0, func(f client.Frame) bool { return f.Room != nil && f.Room.Room == view.Room })
		if theirs := bo.view("openDirect", M{"user": ana.user}); theirs.Room != view.Room {
			t.Errorf("bo's direct room is %s, ana's %s", theirs.Room, view.Room)
		}
		seq := bo.send(view.Room, "just us").Seq
		ana.event(view.Room, seq)
		ana.refused("leave", M{"room": view.Room}, "FORBIDDEN", "")
		ana.refused("invite", M{"room": view.Room, "user": "eve"}, "FORBIDDEN", "")
		enter(t, d, 0, unique(t, "eve")).refused("messages", M{"room": view.Room}, "NOT_FOUND", "")
		ana.refused("openDirect", M{"user": ana.user}, "BAD_REQUEST", "user")
	})
}

func TestSlowMode(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c := newCast(t, d, "PUBLIC")
		c.moderator.ack("updateRoom", M{"room": c.room, "slowModeSeconds": 600})
		c.member.send(c.room, "first")
		refusal := c.member.refused("send", c.member.message(c.room, "second"), "SLOW_MODE", "")
		if refusal.RetryAfterMs == nil || *refusal.RetryAfterMs == 0 || *refusal.RetryAfterMs > 600_000 {
			t.Errorf("come back after %v", refusal.RetryAfterMs)
		}
		c.moderator.send(c.room, "one")
		c.moderator.send(c.room, "two")
	})
}
