package e2e_test

import (
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// sees waits until somebody is told that a user of the room is in a state.
func (s *session) sees(room, user, state string, mark int) client.Frame {
	s.t.Helper()
	return s.await(user+" is "+state, mark, func(f client.Frame) bool {
		return f.PresenceChange != nil && f.Re == 0 && f.PresenceChange.Room == room && f.PresenceChange.State(user) == state
	})
}

func TestPresence(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		if seen := ana.sees(room, bo.user, "ONLINE", 0); seen.PresenceChange.Online == 0 {
			t.Errorf("bo came: %s", seen)
		}

		mark := ana.Mark()
		bo.Close()
		if gone := ana.sees(room, bo.user, "OFFLINE", mark); gone.PresenceChange.Online != 1 {
			t.Errorf("bo went: %s", gone)
		}

		mark = ana.Mark()
		away := enterWith(t, d, 1, bo.user, M{"state": "AWAY"})
		ana.sees(room, bo.user, "AWAY", mark)
		for _, frame := range ana.Since(mark) {
			if frame.PresenceChange != nil && frame.PresenceChange.State(bo.user) == "ONLINE" {
				t.Errorf("bo came as AWAY, and was shown as %s", frame)
			}
		}
		desk := enter(t, d, 0, bo.user)
		ana.sees(room, bo.user, "ONLINE", mark) // the best over devices
		mark = ana.Mark()
		desk.Close()
		ana.sees(room, bo.user, "AWAY", mark)
		away.ping()

		mark = ana.Mark()
		away.ack("leave", M{"room": room})
		ana.await("the count without bo", mark, func(f client.Frame) bool {
			return f.PresenceChange != nil && f.PresenceChange.Room == room && f.PresenceChange.Online == 1
		})
	})
}

// TestShortAbsence: a reload is not seen by anybody.
func TestShortAbsence(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		ana.sees(room, bo.user, "ONLINE", 0)
		mark := ana.Mark()
		for i := range 5 {
			bo.Close()
			bo = bo.back(d, i)
		}
		// Another's going takes as long as bo's would have, and comes after it.
		cy := enter(t, d, 1, unique(t, "cy"))
		cy.view("join", M{"room": room})
		ana.sees(room, cy.user, "ONLINE", mark)
		cy.Close()
		ana.sees(room, cy.user, "OFFLINE", mark)
		for _, frame := range ana.Since(mark) {
			if frame.PresenceChange != nil && frame.PresenceChange.State(bo.user) == "OFFLINE" {
				t.Errorf("bo reloaded, and was shown as gone: %s", frame)
			}
		}
	})
}

func TestMembersAndWhoIsHere(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		away := unique(t, "cy")
		room := ana.create(unique(t, "room"), M{"members": []string{away, bo.user}}).Room
		ana.sees(room, bo.user, "ONLINE", 0)
		bo.sees(room, ana.user, "ONLINE", 0) // each is told by a gateway of their own

		want := map[string][2]string{ana.user: {"OWNER", "ONLINE"}, bo.user: {"MEMBER", "ONLINE"}, away: {"MEMBER", "OFFLINE"}}
		ask, seen := M{"room": room, "limit": 2}, 0
		for {
			reply := ana.do("members", ask)
			if reply.MemberList == nil {
				ana.unexpected("members", ask, reply)
			}
			for _, member := range reply.MemberList.Members {
				seen++
				if got := [2]string{member.Role, member.State}; got != want[member.User] {
					t.Errorf("%s is %v, not %v", member.User, got, want[member.User])
				}
			}
			if reply.MemberList.Cursor == nil {
				break
			}
			ask = with(ask, M{"cursor": *reply.MemberList.Cursor})
		}
		if seen != len(want) {
			t.Errorf("%d members are listed, not %d", seen, len(want))
		}

		here := ana.do("presence", M{"room": room})
		if p := here.PresenceChange; p == nil || p.Room != room || p.Online != 2 || p.State(ana.user) != "ONLINE" || p.State(bo.user) != "ONLINE" || p.State(away) != "" {
			t.Errorf("who is here: %s", here)
		}
		ana.refused("members", M{"room": room, "limit": 0}, "BAD_REQUEST", "limit")
	})
}

func TestTyping(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, eve := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo")), enter(t, d, 1, unique(t, "eve"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		eve.view("watch", M{"room": room})
		types := func(stop bool) func(client.Frame) bool {
			return func(f client.Frame) bool {
				return f.Typing != nil && f.Typing.Room == room && f.Typing.User == bo.user && f.Typing.Stop == stop
			}
		}
		bo.ok("typing", M{"room": room})
		ana.await("bo types", 0, types(false))
		bo.ok("typing", M{"room": room, "stop": true})
		ana.await("bo stopped", 0, types(true))
		ana.reach(room, bo.send(room, "done").Seq)
		eve.refused("typing", M{"room": room}, "FORBIDDEN", "")
		for _, frame := range bo.Since(0) {
			if frame.Typing != nil {
				t.Errorf("bo is told of their own typing: %s", frame)
			}
		}
	})
}

// TestTypingWithoutAnID has no answer, and is told all the same.
func TestTypingWithoutAnID(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		mark := bo.Mark()
		if err := bo.Raw(1, []byte(`{"typing":{"room":"`+room+`"}}`)); err != nil {
			t.Fatal(err)
		}
		ana.await("bo types", 0, func(f client.Frame) bool { return f.Typing != nil && f.Typing.User == bo.user })
		bo.ping()
		for _, frame := range bo.Since(mark) {
			if frame.OK != nil || frame.Error != nil {
				t.Errorf("typing without an id was answered with %s", frame)
			}
		}
	})
}
