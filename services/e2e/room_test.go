package e2e_test

import (
	"regexp"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

func TestCreateRoom(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, cy := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo")), enter(t, d, 0, unique(t, "cy"))
		room := unique(t, "room")
		body := M{"room": room, "name": "Tea & <b>talk</b>", "kind": "PRIVATE", "topic": "安 · all of it", "members": []string{bo.user}}
		view := ana.view("createRoom", body)
		if view.Room != room || view.Name != body["name"] || view.Kind != "PRIVATE" || view.Topic != body["topic"] || view.Role != "OWNER" ||
			view.MemberCount != 2 || view.Resume != "FRESH" || view.Unread != 0 || view.Archived || view.Last != nil || view.Head == 0 {
			t.Errorf("the new room is %+v", view)
		}
		if created := ana.page(M{"room": room}); len(created.Messages) != 0 || created.HasBefore || created.HasAfter {
			t.Errorf("a new room has messages: %+v", created)
		}
		invited := bo.await("the room that bo was put into", 0, func(f client.Frame) bool { return f.Room != nil && f.Room.Room == room })
		if invited.Room.Role != "MEMBER" || invited.Re != 0 {
			t.Errorf("who was put into a room sees %s", invited)
		}
		if again := ana.view("createRoom", body); again.Room != room || again.Head != view.Head || again.Role != "OWNER" {
			t.Errorf("the same request again gives %+v", again)
		}
		other := M{"room": room, "name": "Another", "kind": "PUBLIC"}
		ana.refused("createRoom", other, "CONFLICT", "room")
		cy.refused("createRoom", body, "CONFLICT", "room")
		cy.refused("createRoom", other, "CONFLICT", "room")
		cy.refused("messages", M{"room": room}, "NOT_FOUND", "")
	})
}

func TestRoomWithoutAnID(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		body := M{"name": "Any", "kind": "PUBLIC"}
		first, second := ana.view("createRoom", body), ana.view("createRoom", body)
		grammar := regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
		if !grammar.MatchString(first.Room) || !grammar.MatchString(second.Room) || first.Room == second.Room {
			t.Errorf("the server made the ids %q and %q", first.Room, second.Room)
		}
	})
}

func TestJoinAndLeave(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		before := ana.send(room, "before bo came").Seq

		view := bo.view("join", M{"room": room})
		if view.Role != "MEMBER" || view.MemberCount != 2 || view.Head != before+1 || view.ReadSeq != view.Head || view.Unread != 0 ||
			view.Last == nil || view.Last.Text != "before bo came" {
			t.Errorf("bo joined and sees %+v", view)
		}
		joined := ana.event(room, view.Head)
		if joined.Joined == nil || joined.Joined.Role != "MEMBER" || joined.User != bo.user {
			t.Errorf("ana sees bo come as %+v", joined)
		}
		if page := bo.page(M{"room": room}); len(page.Messages) != 1 || page.Messages[0].Text != "before bo came" {
			t.Errorf("a new member sees old messages: %+v", page)
		}
		if again := bo.view("join", M{"room": room}); again.Head != view.Head || again.MemberCount != 2 {
			t.Errorf("joining twice gives %+v", again)
		}

		left := bo.ack("leave", M{"room": room})
		if left.Seq != view.Head+1 || left.Duplicate {
			t.Errorf("bo left with %+v", left)
		}
		if event := ana.event(room, left.Seq); event.Left == nil || event.User != bo.user {
			t.Errorf("ana sees bo go as %+v", event)
		}
		bo.gone(room)
		bo.refused("send", bo.message(room, "still here?"), "FORBIDDEN", "")
		if again := bo.ack("leave", M{"room": room}); !again.Duplicate || again.Seq != left.Seq {
			t.Errorf("leaving twice gives %+v", again)
		}

		mark := bo.Mark()
		last := ana.send(room, "without bo").Seq
		ana.reach(room, last)
		if back := bo.view("join", M{"room": room}); back.Head != last+1 {
			t.Errorf("bo came back to %+v", back)
		}
		for _, event := range bo.Events(room, mark) {
			if event.Seq <= last {
				t.Errorf("after gone came %+v", event)
			}
		}
	})
}

// TestDevices: a user's other sessions follow.
func TestDevices(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		bo := unique(t, "bo")
		desk, phone := enter(t, d, 0, bo), enter(t, d, 1, bo)
		desk.view("join", M{"room": room})
		phone.await("the room that the other device joined", 0, func(f client.Frame) bool { return f.Room != nil && f.Room.Room == room })
		ack := desk.send(room, "from my desk")
		if event := phone.event(room, ack.Seq); event.ClientMsgID == "" || event.User != desk.user {
			t.Errorf("my phone sees %+v", event)
		}
		desk.ack("leave", M{"room": room})
		phone.gone(room)
		desk.gone(room)
	})
}

func TestWatch(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, eve := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "eve"))
		room := ana.create(unique(t, "room"), nil).Room
		first := ana.send(room, "one").Seq

		view := eve.view("watch", M{"room": room})
		if view.Role != "ROLE_UNSPECIFIED" || view.MemberCount != 1 || view.Head != first || view.ReadSeq != 0 || view.Resume != "FRESH" {
			t.Errorf("a watcher sees %+v", view)
		}
		second := ana.send(room, "two").Seq
		eve.reach(room, second)
		eve.refused("send", eve.message(room, "may I?"), "FORBIDDEN", "")
		if page := eve.page(M{"room": room}); len(page.Messages) != 2 {
			t.Errorf("a watcher pages and sees %+v", page)
		}
		if members := ana.do("members", M{"room": room}).MemberList; members == nil || len(members.Members) != 1 {
			t.Errorf("with a watcher the members are %+v", members)
		}

		eve.ok("unwatch", M{"room": room})
		mark := eve.Mark()
		third := ana.send(room, "three").Seq
		again := eve.view("watch", M{"room": room, "seq": first})
		if again.Resume != "COMPLETE" || again.Head != third {
			t.Errorf("watching from %d gives %+v", first, again)
		}
		eve.reach(room, third)
		if got := len(eve.Events(room, mark)); got != 2 {
			t.Errorf("watching from %d brought %d events, not 2", first, got)
		}
	})
}

// TestWatchFromSeqOfALiveRoom: also a member may ask for what came before.
func TestWatchFromSeqOfALiveRoom(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		for range 5 {
			ana.send(room, "x")
		}
		last := ana.send(room, "last").Seq
		ana.reach(room, last)
		mark := ana.Mark()
		if view := ana.view("watch", M{"room": room, "seq": last - 3}); view.Resume != "COMPLETE" || view.Role != "OWNER" {
			t.Errorf("the view is %+v", view)
		}
		ana.reach(room, last)
		if got := len(ana.Events(room, mark)); got != 3 {
			t.Errorf("%d events came again, not 3", got)
		}
		if view := ana.view("watch", M{"room": room, "seq": last + 1000}); view.Resume != "RESET" {
			t.Errorf("from beyond the head it is %+v", view)
		}
		ana.reach(room, ana.send(room, "and on").Seq)
	})
}

func TestBroadcast(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), M{"kind": "BROADCAST"}).Room
		bo.view("join", M{"room": room})
		bo.refused("send", bo.message(room, "me too"), "FORBIDDEN", "")
		bo.reach(room, ana.send(room, "news").Seq)
	})
}

// TestPrivateRoomLooksLikeNone: of a private room a stranger cannot even tell
// that it is there.
func TestPrivateRoomLooksLikeNone(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, eve := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "eve"))
		private, missing := unique(t, "room-private"), unique(t, "room-missing")
		ana.create(private, M{"kind": "PRIVATE"})
		ana.send(private, "secret")
		requests := map[string]M{
			"join": {}, "leave": {}, "watch": {}, "messages": {}, "members": {}, "presence": {}, "typing": {},
			"send": {"clientMsgId": "a", "text": "hello?"},
		}
		for kind, more := range requests {
			refusals := map[string]client.Error{}
			for _, room := range []string{private, missing} {
				body := M{"room": room}
				for name, value := range more {
					body[name] = value
				}
				refusals[room] = *eve.refused(kind, body, "NOT_FOUND", "")
			}
			a, b := refusals[private], refusals[missing]
			if a.Message != b.Message || (a.Field == nil) != (b.Field == nil) || (a.Field != nil && *a.Field != *b.Field) {
				t.Errorf("%s tells a private room %v from none %v", kind, &a, &b)
			}
		}
		view := eve.do("watch", M{"room": private, "seq": uint32(1)})
		if view.Error == nil || view.Error.Code != "NOT_FOUND" {
			t.Errorf("watching a private room from a seq gives %s", view)
		}
		listed := eve.do("rooms", M{"query": private})
		if listed.RoomList == nil || len(listed.RoomList.Rooms) != 0 {
			t.Errorf("a private room is listed: %s", listed)
		}
		for _, frame := range eve.Since(0) {
			if frame.Event != nil || frame.PresenceChange != nil || frame.Typing != nil {
				t.Errorf("a stranger got %s", frame)
			}
		}
	})
}
