package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestTextsThatBreakReaders: what would make a page unreadable is refused;
// what is only odd comes as it was sent, and hides nothing else.
func TestTextsThatBreakReaders(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		for _, text := range []string{"Z" + strings.Repeat("\u0301", 31), strings.Repeat("\u0336", 8000), "x" + strings.Repeat("\u20dd", 100)} {
			ana.refused("send", ana.message(room, text), "BAD_REQUEST", "text")
		}
		ana.refused("createRoom", M{"name": "Z" + strings.Repeat("\u0301", 31), "kind": "PUBLIC"}, "BAD_REQUEST", "name")
		ana.refused("status", M{"state": "AWAY", "text": "Z" + strings.Repeat("\u0301", 31)}, "BAD_REQUEST", "text")
		sent := []string{
			"Z" + strings.Repeat("\u0301", 30), strings.Repeat("e\u0301", 4000), "שָׁלוֹם", "\u202egnp.exe\u202c", "\u2066\u2067\u2068unbalanced", "\u200d\u200dx", "\ufeffx", "\ufffe\uffffx",
			strings.Repeat("\u202e", 5000) + "x", strings.Repeat("👨‍👩‍👧‍👦", 500), "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "{{7*7}} ${7*7} %s%n", "'; DROP TABLE messages; --",
			"/kick @ana", "\x01\x1b[31mred\x7f", "line\r\nline\u2028line\u0085line", strings.Repeat("\n", 1000) + "x", strings.Repeat("x", 16<<10), "https://" + strings.Repeat("a.", 4000),
		}
		var last uint32
		for _, text := range sent {
			last = ana.send(room, text).Seq
		}
		bo.reach(room, last)
		page := bo.page(M{"room": room, "limit": 100}).Messages
		if len(page) != len(sent) {
			t.Fatalf("%d messages of %d", len(page), len(sent))
		}
		for i, text := range sent {
			event := bo.event(room, page[i].Seq)
			if page[i].Text != text || event.Message == nil || event.Message.Text != text {
				t.Errorf("%.40q came as %.40q, and is stored as %.40q", text, event.Message.Text, page[i].Text)
			}
		}
	})
}

// TestReactionFlood: a message takes 20 kinds, from however many, and each of
// a user's kinds once.
func TestReactionFlood(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		seq := ana.send(room, "like me").Seq
		for i := range 20 {
			by := []*session{ana, bo}[i%2]
			by.ack("react", M{"room": room, "seq": seq, "emoji": fmt.Sprint("e", i)})
			if again := by.ack("react", M{"room": room, "seq": seq, "emoji": fmt.Sprint("e", i)}); !again.Duplicate {
				t.Errorf("the same reaction again: %+v", again)
			}
		}
		for i := range 5 {
			reply := bo.do("react", M{"room": room, "seq": seq, "emoji": fmt.Sprint("more", i)})
			if reply.Error == nil || reply.Error.Message == "" {
				t.Fatalf("a 21st kind is answered with %s", reply)
			}
		}
		bo.ack("react", M{"room": room, "seq": seq, "emoji": "e0"}) // another's kind is no new one
		ana.ack("react", M{"room": room, "seq": seq, "emoji": "e2", "remove": true})
		bo.ack("react", M{"room": room, "seq": seq, "emoji": "in its place"})
		if reply := ana.do("react", M{"room": room, "seq": seq, "emoji": "e2"}); reply.Error == nil {
			t.Errorf("a kind beyond those 20 is answered with %s", reply)
		}
	})
}

// TestReadMarksAreClamped: beyond the head is the head; backwards is nothing;
// a mark is one's own.
func TestReadMarksAreClamped(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		head := ana.send(room, "one").Seq
		bo.reach(room, head)
		bo.ok("read", M{"room": room, "seq": uint32(4_294_967_295), "user": ana.user})
		mark := ana.await("bo's mark", 0, func(f client.Frame) bool {
			return f.ReadMark != nil && f.ReadMark.Room == room && f.ReadMark.User == bo.user
		})
		if mark.ReadMark.Seq != head {
			t.Errorf("a mark beyond the head %d is at %d", head, mark.ReadMark.Seq)
		}
		bo.ok("read", M{"room": room, "seq": 1})
		bo.ok("read", M{"room": room, "seq": 0})
		if view := enter(t, d, 0, bo.user).live(room); view.ReadSeq != head {
			t.Errorf("after a step back the mark is at %d, not %d", view.ReadSeq, head)
		}
		for _, f := range ana.Since(0) {
			if f.ReadMark != nil && f.ReadMark.User == ana.user {
				t.Errorf("bo moved ana's mark: %s", f)
			}
		}
		next := ana.send(room, "two").Seq
		bo.reach(room, next)
		if view := enter(t, d, 0, bo.user).live(room); view.Unread != 1 {
			t.Errorf("a message after a mark beyond the head is not counted: %+v", view)
		}
	})
}

// TestForeignMessages: of others' messages, and of those in other rooms,
// nothing can be changed, and nothing learned.
func TestForeignMessages(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, eve := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "eve"))
		secret := ana.view("createRoom", M{"room": unique(t, "secret"), "name": "Secret", "kind": "PRIVATE"}).Room
		lobby := ana.create(unique(t, "lobby"), nil).Room
		eve.view("join", M{"room": lobby})
		theirs := ana.send(lobby, "ana's").Seq
		var hidden uint32
		for range 10 { // seqs that the lobby does not have
			hidden = ana.send(secret, "a secret word").Seq
		}
		eve.refused("edit", M{"room": lobby, "seq": theirs, "text": "eve's"}, "FORBIDDEN", "")
		eve.refused("delete", M{"room": lobby, "seq": theirs}, "FORBIDDEN", "")
		for kind, body := range map[string]M{"edit": {"text": "x"}, "delete": {}, "react": {"emoji": "x"}} {
			body["seq"] = hidden
			body["room"] = lobby // a message that is another room's
			here := eve.refused(kind, body, "NOT_FOUND", "")
			body["seq"] = uint32(4_000_000_000)
			if nowhere := eve.refused(kind, body, "NOT_FOUND", ""); nowhere.Message != here.Message {
				t.Errorf("%s tells another room's message from none: %q, %q", kind, here.Message, nowhere.Message)
			}
			body["room"] = secret
			eve.refused(kind, body, "NOT_FOUND", "")
		}
		if text := ana.page(M{"room": lobby}).Messages[0].Text; text != "ana's" {
			t.Errorf("ana's message is %q now", text)
		}
	})
}
