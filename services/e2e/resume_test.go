package e2e_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// resumed is how the welcome says that a room goes on.
func (s *session) resumed(room string) *client.View {
	view := viewIn(client.Frame{Welcome: s.welcome}, room)
	if view == nil {
		s.t.Fatalf("%s: the welcome has no room %s, but %+v", s.user, room, s.welcome.Rooms)
	}
	return view
}

// missing lets bo go and ana send so many; at is where bo was.
func missing(t *testing.T, d *shape.Deployment, count int) (ana, bo *session, room string, at uint32) {
	t.Helper()
	ana, bo = enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
	room = ana.create(unique(t, "room"), nil).Room
	at = bo.view("join", M{"room": room}).Head
	bo.Close()
	ids := make([]uint32, count)
	for i := range ids {
		var err error
		if ids[i], err = ana.Post("send", ana.message(room, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range ids {
		if reply, err := ana.Reply(t.Context(), id); err != nil || reply.Ack == nil {
			t.Fatalf("a send was answered with %s (%v)", reply, err)
		}
	}
	return ana, bo, room, at
}

func TestResumeComplete(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		for i := range max(2, len(d.Gateways)) { // where bo was, and elsewhere
			ana, bo, room, at := missing(t, d, 20)
			back := bo.back(d, i)
			if view := back.resumed(room); view.Resume != "COMPLETE" || view.Head != at+20 || view.Role != "MEMBER" || view.Unread != 20 {
				t.Errorf("bo is back and sees %+v", view)
			}
			back.reach(room, at+20)
			ack := ana.send(room, "newer")
			back.reach(room, ack.Seq) // in order: the client sees to that
			if events := back.Events(room, 0); len(events) != 21 || events[0].Seq != at+1 {
				t.Errorf("bo got %d events of 21", len(events))
			}
		}
	})
}

func TestResumeWhileOthersWrite(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, room, at := missing(t, d, 5)
		const more = 200
		done := make(chan error, 1)
		go func() {
			_, err := sendMany(t.Context(), ana, room, more)
			done <- err
		}()
		for i := range 20 {
			next := bo.back(d, i)
			if resume := next.resumed(room).Resume; resume != "COMPLETE" {
				t.Errorf("resume %d is %s", i, resume)
			}
			next.reach(room, bo.Seq(room)+1)
			next.Close()
			bo = next
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		last := bo.back(d, 0)
		last.reach(room, at+5+more)
	})
}

func TestResumeTruncated(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, room, at := missing(t, d, 501)
		back := bo.back(d, 1)
		if view := back.resumed(room); view.Resume != "TRUNCATED" || view.Head != at+501 {
			t.Errorf("501 events are missing, and the room is %+v", view)
		}
		back.reach(room, ana.send(room, "newer").Seq)
		if events := back.Events(room, 0); len(events) != 1 {
			t.Errorf("after TRUNCATED came %d events", len(events))
		}
		bo = enterWith(t, d, 1, bo.user, M{"epoch": bo.Epoch(), "resume": []M{{"room": room, "seq": at + 2}}})
		if view := bo.resumed(room); view.Resume != "COMPLETE" {
			t.Errorf("500 events are missing, and the room is %+v", view)
		}
		bo.reach(room, at+502)
	})
}

func TestResumeReset(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, room, at := missing(t, d, 3)
		epoch, err := strconv.ParseUint(bo.Epoch(), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		for what, hello := range map[string]M{
			"another epoch":   {"epoch": strconv.FormatUint(epoch+1, 10), "resume": []M{{"room": room, "seq": at}}},
			"an older epoch":  {"epoch": "1", "resume": []M{{"room": room, "seq": at}}},
			"beyond the head": {"epoch": bo.Epoch(), "resume": []M{{"room": room, "seq": at + 1000}}},
		} {
			back := enterWith(t, d, 1, bo.user, hello)
			if view := back.resumed(room); view.Resume != "RESET" {
				t.Errorf("%s: the room is %+v", what, view)
			}
			back.reach(room, ana.send(room, "newer").Seq)
			if events := back.Events(room, 0); len(events) != 1 {
				t.Errorf("%s: %d events came", what, len(events))
			}
		}
	})
}

func TestFresh(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, room, at := missing(t, d, 3)
		fresh := enter(t, d, 0, bo.user)
		view := fresh.live(room)
		if view.Resume != "FRESH" || view.Head != at+3 || view.Unread != 3 || view.ReadSeq != at || view.Last == nil || view.Last.Text != "2" || view.MemberCount != 2 {
			t.Errorf("a fresh session sees %+v", view)
		}
		fresh.reach(room, ana.send(room, "newer").Seq)
		if events := fresh.Events(room, 0); len(events) != 1 {
			t.Errorf("a fresh session got %d events", len(events))
		}
	})
}

// TestResumeOfWhatIsNotForOne: gone, and nothing of it, whatever the reason.
func TestResumeOfWhatIsNotForOne(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		left, foreign, missing := unique(t, "room-left"), unique(t, "room-foreign"), unique(t, "room-missing")
		public := ana.create(unique(t, "room-public"), nil)
		ana.create(left, M{"kind": "PRIVATE", "members": []string{bo.user}})
		ana.create(foreign, M{"kind": "PRIVATE"})
		other := enter(t, d, 0, bo.user)
		bo.live(left)
		other.live(left)
		bo.Close()
		other.ack("leave", M{"room": left})
		other.gone(left)
		ana.send(left, "without bo")
		ana.send(foreign, "secret")

		back := enterWith(t, d, 1, bo.user, M{"epoch": bo.Epoch(), "resume": []M{
			{"room": left, "seq": uint32(1)}, {"room": foreign, "seq": uint32(1)}, {"room": missing, "seq": uint32(0)}, {"room": public.Room, "seq": public.Head},
		}})
		reasons := map[string]string{}
		for _, room := range []string{left, foreign, missing} {
			reasons[room] = back.gone(room).Reason
		}
		if reasons[foreign] != reasons[missing] {
			t.Errorf("a private room is gone with %q, a missing one with %q", reasons[foreign], reasons[missing])
		}
		if len(back.welcome.Rooms) != 1 || back.resumed(public.Room).Resume != "COMPLETE" {
			t.Errorf("the welcome has %+v", back.welcome.Rooms)
		}
		back.reach(public.Room, ana.send(public.Room, "watched on").Seq)
		for _, frame := range back.Since(0) {
			if frame.Event != nil && frame.Event.Room != public.Room {
				t.Errorf("of a room that is not bo's came %s", frame)
			}
		}
	})
}
