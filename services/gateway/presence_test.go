package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
)

// here is the next presenceChange of a room: who is said to be how, and how
// many are online.
func (c *client) here(room string) (users string, online int) {
	c.t.Helper()
	for {
		name, body := c.next()
		if name != "presenceChange" || body["room"] != room {
			continue
		}
		var all []string
		for _, change := range body["changes"].([]any) {
			u := change.(object)
			text := u["user"].(string) + " " + u["state"].(string)
			if u["lastSeen"] != nil {
				text += " " + u["lastSeen"].(string)
			}
			all = append(all, text)
		}
		return strings.Join(all, ", "), int(body["online"].(float64))
	}
}

func (c *client) wantHere(room, users string, online int) {
	c.t.Helper()
	if gotUsers, gotOnline := c.here(room); gotUsers != users || gotOnline != online {
		c.t.Errorf("told %q, %d online; want %q, %d", gotUsers, gotOnline, users, online)
	}
}

// TestWhoComesIsToldWhoIsHere: the first one of a room on a gateway, and also
// those after.
func TestWhoComesIsToldWhoIsHere(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "red", chatv1.RoomKind_PUBLIC, "bo")
	r.town.SetPresence(gatewaytest.Presence{Rooms: map[string]*presencev1.RoomChanges{"red": {
		Room: "red", Owner: "o", Number: 3, Whole: true, Online: 1, Changes: []*userPresence{is("cy", clientv1.PresenceState_BUSY)},
	}}})
	ana, _ := r.hello(t, "ana")
	ana.wantHere("red", "cy BUSY", 1)
	bo, _ := r.hello(t, "bo")
	bo.wantHere("red", "cy BUSY", 1)
	r.town.Present(&presencev1.RoomChanges{Room: "red", Owner: "o", Number: 4, Online: 2, Changes: []*userPresence{is("bo", clientv1.PresenceState_ONLINE)}})
	ana.wantHere("red", "bo ONLINE", 2)
	bo.wantHere("red", "bo ONLINE", 2)
	eve, _ := r.hello(t, "eve")
	eve.must("room", "watch", object{"room": "red"})
	eve.must("pong", "ping", object{})
	for len(eve.frames) > 0 {
		if name, body := eve.next(); name == "presenceChange" && body["room"] != nil {
			t.Errorf("a watcher is told %v", body)
		}
	}
	eve.must("room", "join", object{"room": "red"})
	eve.wantHere("red", "bo ONLINE, cy BUSY", 2)
}

// TestBigRoom: counts for all, and the changes of those whom a session was
// shown in the list of members.
func TestBigRoom(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "red", chatv1.RoomKind_PUBLIC, "bo", "cy", "dee")
	asked := make(chan []string, 10)
	seen := millis(1_700_000_000_000)
	r.town.SetPresence(gatewaytest.Presence{
		Rooms: map[string]*presencev1.RoomChanges{"red": {Room: "red", Owner: "o", Number: 3, Whole: true, Online: 700}},
		Users: map[string]*userPresence{
			"bo": is("bo", clientv1.PresenceState_BUSY), "cy": {User: "cy", State: clientv1.PresenceState_OFFLINE, LastSeen: seen},
		},
		Asked: func(ask *presencev1.PresenceAsk) {
			if ask.GetGateway() != "" {
				asked <- ask.GetUsers()
			}
		},
	})
	ana, _ := r.hello(t, "ana")
	ana.wantHere("red", "", 700)
	dee, _ := r.hello(t, "dee")
	dee.wantHere("red", "", 700)
	list := ana.must("memberList", "members", object{"room": "red"})["members"].([]any)
	var got []string
	for _, m := range list {
		text := m.(object)["user"].(string) + " " + m.(object)["state"].(string)
		if at := m.(object)["lastSeen"]; at != nil {
			text += " " + at.(string)
		}
		got = append(got, text)
	}
	if want := []string{"ana OFFLINE", "bo BUSY", "cy OFFLINE 2023-11-14T22:13:20Z", "dee OFFLINE"}; !slices.Equal(got, want) {
		t.Errorf("the members are %v, want %v", got, want)
	}
	if users := <-asked; !slices.Equal(users, []string{"ana", "bo", "cy", "dee"}) {
		t.Errorf("asked for %v", users)
	}
	r.town.Present(&presencev1.RoomChanges{Room: "red", Owner: "o", Number: 4, Online: 700, Changes: []*userPresence{is("bo", clientv1.PresenceState_AWAY)}})
	ana.wantHere("red", "bo AWAY", 700)
	r.town.Present(&presencev1.RoomChanges{Room: "red", Owner: "o", Number: 5, Online: 701, Changes: []*userPresence{is("cy", clientv1.PresenceState_ONLINE)}})
	ana.wantHere("red", "cy ONLINE", 701)
	dee.wantHere("red", "", 701) // who was shown nobody
	r.town.Present(&presencev1.RoomChanges{Room: "red", Owner: "p", Number: 1, Whole: true, Online: 702})
	if users := <-asked; !slices.Contains(users, "bo") {
		t.Errorf("another owner is asked for %v", users)
	}
}

// TestRoomOfManyMembers: above 500 members only counts are told, however few are
// here, and the changes of those shown in the member list; at 500, all.
func TestRoomOfManyMembers(t *testing.T) {
	r := start(t)
	members := make([]string, 500)
	for i := range members {
		members[i] = fmt.Sprintf("m%03d", i)
	}
	r.town.Create("ana", "red", chatv1.RoomKind_PUBLIC, members...)
	online := []*userPresence{is("m000", clientv1.PresenceState_BUSY), is("m499", clientv1.PresenceState_ONLINE)}
	r.town.SetPresence(gatewaytest.Presence{
		Rooms: map[string]*presencev1.RoomChanges{"red": {Room: "red", Owner: "o", Number: 3, Whole: true, Online: 2, Changes: online}},
		Users: map[string]*userPresence{"m000": online[0]},
	})
	ana, _ := r.hello(t, "ana")
	ana.wantHere("red", "", 2)
	if all := ana.must("presenceChange", "presence", object{"room": "red"}); len(all["changes"].([]any)) != 0 {
		t.Errorf("asked for presence, it tells of %v", all["changes"])
	}
	ana.must("memberList", "members", object{"room": "red"}) // the last 200 of them are followed
	r.town.Present(&presencev1.RoomChanges{Room: "red", Owner: "o", Number: 4, Online: 2, Changes: []*userPresence{is("m000", clientv1.PresenceState_AWAY), is("m499", clientv1.PresenceState_AWAY)}})
	ana.wantHere("red", "m499 AWAY", 2)
	r.town.Do("m001", "red", &chatv1.Command{Change: &chatv1.Command_Leave{Leave: &chatv1.Leave{}}})
	ana.wantHere("red", "m000 AWAY, m499 AWAY", 2)
}

// TestMembersOfASmallRoom: who is not here was last seen at a time.
func TestMembersOfASmallRoom(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "red", chatv1.RoomKind_PUBLIC, "bo")
	r.town.SetPresence(gatewaytest.Presence{
		Rooms: map[string]*presencev1.RoomChanges{"red": {
			Room: "red", Owner: "o", Number: 3, Whole: true, Online: 1, Changes: []*userPresence{is("ana", clientv1.PresenceState_ONLINE)},
		}},
		Users: map[string]*userPresence{"bo": {User: "bo", State: clientv1.PresenceState_OFFLINE, LastSeen: millis(1_700_000_000_000)}},
		Asked: func(ask *presencev1.PresenceAsk) {
			if ask.GetGateway() != "" {
				t.Errorf("changes are asked for that come anyway: %v", ask)
			}
		},
	})
	ana, _ := r.hello(t, "ana")
	ana.wantHere("red", "ana ONLINE", 1)
	list := ana.must("memberList", "members", object{"room": "red"})["members"].([]any)
	me, bo := list[0].(object), list[1].(object)
	if me["state"] != "ONLINE" || me["lastSeen"] != nil || bo["state"] != "OFFLINE" || bo["lastSeen"] != "2023-11-14T22:13:20Z" {
		t.Errorf("the members are %v", list)
	}
}

// TestDoubt: what was missed while the gateway was cut off is told.
func TestDoubt(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "red", chatv1.RoomKind_PUBLIC)
	rooms := func(state clientv1.PresenceState) gatewaytest.Presence {
		return gatewaytest.Presence{Rooms: map[string]*presencev1.RoomChanges{"red": {
			Room: "red", Owner: "o", Number: uint64(state), Whole: true, Online: 1, Changes: []*userPresence{is("bo", state)},
		}}}
	}
	r.town.SetPresence(rooms(clientv1.PresenceState_ONLINE))
	ana, _ := r.hello(t, "ana")
	ana.wantHere("red", "bo ONLINE", 1)
	r.town.SetPresence(rooms(clientv1.PresenceState_AWAY))
	r.lost()
	ana.wantHere("red", "bo AWAY", 1)
}

// TestEmptyRoomIsForgotten: what was known of a room when its last member here
// left is not told to who comes next.
func TestEmptyRoomIsForgotten(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "red", chatv1.RoomKind_PUBLIC)
	rooms := func(owner, user string) gatewaytest.Presence {
		return gatewaytest.Presence{Rooms: map[string]*presencev1.RoomChanges{"red": {
			Room: "red", Owner: owner, Number: 1, Whole: true, Online: 1, Changes: []*userPresence{is(user, clientv1.PresenceState_ONLINE)},
		}}}
	}
	r.town.SetPresence(rooms("o", "bo"))
	ana, _ := r.hello(t, "ana")
	ana.wantHere("red", "bo ONLINE", 1)
	eve, _ := r.hello(t, "eve")
	eve.must("room", "watch", object{"room": "red"}) // the gateway goes on with the room
	_ = ana.conn.Close()
	eventually(t, "ana has left", func() bool { return len(r.users.sessions("ana")) == 0 })
	r.town.SetPresence(rooms("p", "dee"))
	ana, _ = r.hello(t, "ana")
	ana.wantHere("red", "dee ONLINE", 1)
}
