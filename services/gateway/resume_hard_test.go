package gateway

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
)

func kick(user string) *chatv1.Command {
	return &chatv1.Command{Change: &chatv1.Command_Kick{Kick: &chatv1.Kick{User: user}}}
}

func ban(user string) *chatv1.Command {
	return &chatv1.Command{Change: &chatv1.Command_Ban{Ban: &chatv1.Ban{User: user}}}
}

func join() *chatv1.Command {
	return &chatv1.Command{Change: &chatv1.Command_Join{Join: &chatv1.Join{}}}
}

func leave() *chatv1.Command {
	return &chatv1.Command{Change: &chatv1.Command_Leave{Leave: &chatv1.Leave{}}}
}

func deleteRoom() *chatv1.Command {
	return &chatv1.Command{Change: &chatv1.Command_DeleteRoom{DeleteRoom: &chatv1.DeleteRoom{}}}
}

func setRole(user string, role chatv1.Role) *chatv1.Command {
	return &chatv1.Command{Change: &chatv1.Command_SetRole{SetRole: &chatv1.SetRole{User: user, Role: role}}}
}

func post(id, text string) *chatv1.Command {
	return &chatv1.Command{Change: &chatv1.Command_Sends{Sends: &chatv1.Sends{Sends: []*chatv1.Send{{ClientMsgId: id, Text: text}}}}}
}

func edit(seq uint32, text string) *chatv1.Command {
	return &chatv1.Command{Change: &chatv1.Command_Edit{Edit: &chatv1.Edit{Seq: seq, Text: text}}}
}

func deleteMessage(seq uint32) *chatv1.Command {
	return &chatv1.Command{Change: &chatv1.Command_Delete{Delete: &chatv1.Delete{Seq: seq}}}
}

// followed makes gateways keep a room's ring: somebody sits in it.
func (r *rig) followed(t *testing.T, rooms ...string) {
	t.Helper()
	keeper, _ := r.hello(t, "keeper")
	for _, room := range rooms {
		keeper.must("room", "watch", object{"room": room})
	}
}

// TestAHerdIsServedFromTheRing: a hello with as many rooms as may be live asks
// a few small questions, and none for events.
func TestAHerdIsServedFromTheRing(t *testing.T) {
	t.Parallel()
	r := start(t)
	const rooms = 200
	var ids []string
	var positions []any
	for i := range rooms {
		ids = append(ids, fmt.Sprintf("room-%03d", i))
		positions = append(positions, ids[i], 1)
		r.town.Create("ana", ids[i], chatv1.RoomKind_PUBLIC)
	}
	r.followed(t, ids...)
	for _, id := range ids {
		r.town.Post("ana", id, "a", "a")
		r.town.Post("ana", id, "b", "b")
	}
	eventually(t, "the feeds have it all", func() bool {
		for _, id := range ids {
			if r.feeds.get(id).at() != 3 {
				return false
			}
		}
		return true
	})
	before := r.town.Asked()
	var herd sync.WaitGroup
	const sessions = 5
	for range sessions {
		herd.Go(func() {
			ana, welcome := r.hello(t, "ana", resumeAt(positions...))
			if views := viewsOf(welcome); len(views) != rooms || views["room-007"]["resume"] != "COMPLETE" {
				t.Errorf("%d rooms: %v", len(views), views["room-007"])
			}
			next := map[any]float64{}
			for range 2 * rooms {
				e := ana.expect("event")
				if e["seq"] != next[e["room"]]+2 {
					t.Errorf("%v after %v", e, next[e["room"]]+1)
					return
				}
				next[e["room"]]++
			}
			ana.silent()
		})
	}
	herd.Wait()
	after := r.town.Asked()
	questions := rooms/viewsPerAsk + gatewaytest.Partitions
	if after.Events != before.Events || after.Replays != before.Replays || after.Heads != before.Heads || after.Rooms-before.Rooms != sessions ||
		after.Views-before.Views > sessions*questions {
		t.Errorf("%d hellos took %+v, before them %+v", sessions, after, before)
	}
}

// TestResumeWhileTheRoomChanges: what happens between the look at a room and
// the entrance into it comes in its order, and ends the stay where it has to.
func TestResumeWhileTheRoomChanges(t *testing.T) {
	for name, tt := range map[string]struct {
		meanwhile func(do func(user, room string, c *chatv1.Command))
		want      string // events and what follows them, from seq 3 on
	}{
		"messages": {func(do func(string, string, *chatv1.Command)) {
			do("bo", "secret", post("x", "x"))
			do("bo", "secret", post("y", "y"))
		}, "3 4 5 6"},
		"removed": {func(do func(string, string, *chatv1.Command)) {
			do("bo", "secret", post("x", "x"))
			do("bo", "secret", kick("ana"))
			do("bo", "secret", post("y", "not for her"))
		}, "3 4 5 6 gone:removed"},
		"banned": {func(do func(string, string, *chatv1.Command)) {
			do("bo", "secret", ban("ana"))
			do("bo", "secret", post("y", "not for her"))
		}, "3 4 5 gone:removed"},
		"left elsewhere": {func(do func(string, string, *chatv1.Command)) {
			do("ana", "secret", leave())
			do("bo", "secret", post("y", "not for her"))
		}, "3 4 5 gone:left"},
		"deleted": {func(do func(string, string, *chatv1.Command)) {
			do("bo", "secret", post("x", "x"))
			do("bo", "secret", deleteRoom())
		}, "3 4 5 6 gone:deleted"},
		"a role lost and had again": {func(do func(string, string, *chatv1.Command)) {
			do("bo", "secret", setRole("ana", chatv1.Role_READER))
			do("bo", "secret", setRole("ana", chatv1.Role_MODERATOR))
			do("bo", "secret", post("y", "y"))
		}, "3 4 5 6 7"},
	} {
		for from, warm := range map[string]bool{"owner": false, "ring": true} {
			t.Run(name+" from the "+from, func(t *testing.T) {
				t.Parallel()
				r := start(t)
				r.town.Create("bo", "secret", chatv1.RoomKind_PRIVATE, "ana", "keeper")
				if warm {
					r.followed(t)
				}
				for _, id := range []string{"1", "2", "3"} {
					r.town.Post("bo", "secret", id, id)
				}
				if warm {
					eventually(t, "the ring has it", func() bool { return r.feeds.get("secret").covers(2) && r.feeds.get("secret").at() == 4 })
				}
				var once sync.Once
				r.town.Set(gatewaytest.Faults{SilentNotices: true, SilentHeads: true, Meanwhile: func(do func(string, string, *chatv1.Command)) {
					once.Do(func() { tt.meanwhile(do) })
				}})
				ana, _ := r.hello(t, "ana", resumeAt("secret", 2))
				var got []string
				for len(got) < len(strings.Fields(tt.want)) {
					switch name, body := ana.next(); name {
					case "event":
						got = append(got, fmt.Sprint(body["seq"]))
					case "gone":
						got = append(got, fmt.Sprint("gone:", body["reason"]))
					case "presenceChange":
					default:
						t.Fatalf("%s %v", name, body)
					}
				}
				if strings.Join(got, " ") != tt.want {
					t.Errorf("%v, want %v", got, tt.want)
				}
				ana.silent()
			})
		}
	}
}

// TestResumeAfterTheStandingChanged: what happened while nobody was connected.
func TestResumeAfterTheStandingChanged(t *testing.T) {
	for name, tt := range map[string]struct {
		kind    chatv1.RoomKind
		happens func(r *rig)
		want    string
		role    string // in the welcome; "" if the room is not in it
	}{
		"removed from an open room": {chatv1.RoomKind_PUBLIC, func(r *rig) {
			r.town.Do("bo", "room", kick("ana"))
			r.town.Post("bo", "room", "x", "after she was removed")
		}, "3 gone:removed", "ROLE_UNSPECIFIED"},
		"left an open room": {chatv1.RoomKind_PUBLIC, func(r *rig) {
			r.town.Do("ana", "room", leave())
			r.town.Post("bo", "room", "x", "after she left")
		}, "3 gone:left", "ROLE_UNSPECIFIED"},
		"left and came again": {chatv1.RoomKind_PUBLIC, func(r *rig) {
			r.town.Do("ana", "room", leave())
			r.town.Post("bo", "room", "x", "x")
			r.town.Do("ana", "room", join())
		}, "3 4 5", "MEMBER"},
		"banned from an open room": {chatv1.RoomKind_PUBLIC, func(r *rig) { r.town.Do("bo", "room", ban("ana")) }, "gone:not found", ""},
		"removed from a closed one": {chatv1.RoomKind_PRIVATE, func(r *rig) {
			r.town.Do("bo", "room", kick("ana"))
			r.town.Post("bo", "room", "x", "not for her")
		}, "gone:not found", ""},
		"deleted": {chatv1.RoomKind_PUBLIC, func(r *rig) { r.town.Do("bo", "room", deleteRoom()) }, "gone:not found", ""},
		"others' comings and goings": {chatv1.RoomKind_PUBLIC, func(r *rig) {
			r.town.Do("cy", "room", join())
			r.town.Do("bo", "room", kick("cy"))
			r.town.Post("bo", "room", "x", "x")
		}, "3 4 5", "MEMBER"},
	} {
		for from, warm := range map[string]bool{"owner": false, "ring": true} {
			t.Run(name+" from the "+from, func(t *testing.T) {
				t.Parallel()
				r := start(t)
				r.town.Create("bo", "room", tt.kind, "ana", "keeper")
				if warm {
					r.followed(t)
				}
				r.town.Post("bo", "room", "1", "1")
				tt.happens(r)
				if warm && name != "deleted" {
					eventually(t, "the ring has it", func() bool { return r.feeds.get("room").at() == r.town.Head("room") })
				}
				ana, welcome := r.hello(t, "ana", resumeAt("room", 2))
				if role, _ := viewsOf(welcome)["room"]["role"].(string); role != tt.role {
					t.Errorf("role %q, want %q", role, tt.role)
				}
				var got []string
				for range strings.Split(tt.want, " ") {
					if len(strings.Join(got, " ")) >= len(tt.want) {
						break
					}
					switch name, body := ana.next(); name {
					case "event":
						got = append(got, fmt.Sprint(body["seq"]))
					case "gone":
						got = append(got, fmt.Sprint("gone:", body["reason"]))
					default:
						t.Fatalf("%s %v", name, body)
					}
				}
				if strings.Join(got, " ") != tt.want {
					t.Errorf("%v, want %v", got, tt.want)
				}
				r.town.Set(gatewaytest.Faults{})
				ana.silent()
			})
		}
	}
}

// TestResumeWhileAHoleIsFilled: who comes back while the feed itself misses
// something gets all of it in order, once it is there.
func TestResumeWhileAHoleIsFilled(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	r.followed(t, "lobby")
	var open atomic.Bool
	r.town.Set(gatewaytest.Faults{
		SilentHeads: true,
		Events: func(m *chatv1.RoomEvents) []*chatv1.RoomEvents {
			if m.GetEvents()[0].GetSeq() == 4 {
				return nil
			}
			return []*chatv1.RoomEvents{m}
		},
		Question: func(a *chatv1.Ask) bool { return open.Load() || a.GetEvents() == nil },
	})
	for i := range 6 {
		r.town.Post("ana", "lobby", msgID(i), "x") // 2 … 7, and 4 is lost
	}
	eventually(t, "the feed misses one", func() bool { return r.feeds.get("lobby").mending() })
	ana, welcome := r.hello(t, "ana", resumeAt("lobby", 2))
	if view := viewsOf(welcome)["lobby"]; view["resume"] != "COMPLETE" || view["head"] != 7.0 {
		t.Fatalf("%v", view)
	}
	bo, _ := r.hello(t, "ana", resumeAt("lobby", 6)) // beyond what the feed has
	ana.event(3)
	ana.silent()
	open.Store(true)
	for seq := 4; seq <= 7; seq++ {
		ana.event(seq)
	}
	bo.event(7)
	r.town.Post("ana", "lobby", "after", "x")
	ana.event(8)
	bo.event(8)
}

// mending tells whether a repair is under way.
func (f *feed) mending() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.repair.underWay
}

// TestDeletedTextIsNowhereInARing: not in the message, not in an edit of it,
// and not in what an owner told before it was deleted.
func TestDeletedTextIsNowhereInARing(t *testing.T) {
	look := func(t *testing.T, c *client, from, to int) {
		t.Helper()
		for seq := from; seq <= to; seq++ {
			if e := c.event(seq); strings.Contains(fmt.Sprint(e), "secret") {
				t.Errorf("%v", e)
			}
		}
	}
	t.Run("ring", func(t *testing.T) {
		t.Parallel()
		r := start(t)
		r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
		r.followed(t, "lobby")
		r.town.Post("ana", "lobby", "1", "first secret")
		r.town.Do("ana", "lobby", edit(2, "second secret"))
		r.town.Post("ana", "lobby", "2", "no matter")
		r.town.Do("ana", "lobby", deleteMessage(2))
		eventually(t, "the feed has it all", func() bool { return r.feeds.get("lobby").at() == 5 })
		before := r.town.Asked()
		for after := 1; after <= 4; after++ {
			ana, _ := r.hello(t, "ana", resumeAt("lobby", after))
			look(t, ana, after+1, 5)
		}
		bo, _ := r.hello(t, "bo")
		for after := 1; after <= 5; after++ {
			if view := bo.must("room", "watch", object{"room": "lobby", "seq": after}); view["resume"] != "COMPLETE" {
				t.Errorf("after %d: %v", after, view)
			}
			look(t, bo, after+1, 5)
		}
		if after := r.town.Asked(); after.Events != before.Events || after.Replays != before.Replays {
			t.Errorf("the ring did not cover: %+v, %+v", before, after)
		}
	})
	t.Run("deleted meanwhile", func(t *testing.T) {
		t.Parallel()
		r := start(t)
		r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
		r.town.Post("ana", "lobby", "1", "first secret")
		r.town.Do("ana", "lobby", edit(2, "second secret"))
		r.followed(t, "lobby") // whose ring has none of that
		var once sync.Once
		r.town.Set(gatewaytest.Faults{Meanwhile: func(do func(string, string, *chatv1.Command)) {
			once.Do(func() { do("ana", "lobby", deleteMessage(2)) })
			comes(func() bool { return r.feeds.get("lobby").at() == 4 }) // before the answer
		}})
		ana, _ := r.hello(t, "ana", resumeAt("lobby", 1))
		look(t, ana, 2, 4)
	})
}

// TestTwoResumesOfOneUserAtOnce do not mix.
func TestTwoResumesOfOneUserAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	for i := range 50 {
		r.town.Post("ana", "lobby", msgID(i), "x")
	}
	var all sync.WaitGroup
	for after := range 8 {
		all.Go(func() {
			ana, _ := r.hello(t, "ana", resumeAt("lobby", after+1))
			for seq := after + 2; seq <= 101; seq++ {
				ana.event(seq)
			}
		})
	}
	for i := range 50 {
		r.town.Post("ana", "lobby", msgID(50+i), "x")
	}
	all.Wait()
}

// TestResumeWaitsForAnotherOwner: for some seconds a partition has none.
func TestResumeWaitsForAnotherOwner(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	r.town.Post("ana", "lobby", "1", "1")
	var refused atomic.Int32
	r.town.Set(gatewaytest.Faults{Question: func(*chatv1.Ask) bool {
		if refused.Add(1) == 4 {
			go r.town.Set(gatewaytest.Faults{})
		}
		return true
	}, Away: true})
	ana, welcome := r.hello(t, "ana", resumeAt("lobby", 1))
	if viewsOf(welcome)["lobby"]["resume"] != "COMPLETE" || refused.Load() < 4 {
		t.Errorf("%v", welcome)
	}
	ana.event(2)
	// A watch waits as well.
	r.town.Set(gatewaytest.Faults{Away: true})
	id := ana.send("watch", object{"room": "lobby", "seq": 1})
	ana.silent()
	r.town.Set(gatewaytest.Faults{})
	if view := ana.expect("room"); view["re"] != id || view["resume"] != "COMPLETE" {
		t.Errorf("%v", view)
	}
	ana.event(2)
}

// TestNobodyGoesOnInAPastThatIsOver: a session that was greeted before the
// epoch changed is not told of the new one as if it were its own.
func TestNobodyGoesOnInAPastThatIsOver(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	r.town.Renew()
	eventually(t, "the gateway knows", func() bool { return r.deployment.epoch.Load() == r.town.Epoch() })
	ana.raw(`{"id":99,"watch":{"room":"lobby","seq":1}}`)
	ana.ends(closeStateLost)
	for f := range ana.frames {
		if f["room"] != nil {
			t.Errorf("%v", f)
		}
	}
}

// TestAJoinOfARoomThatIsWatchedSkipsNothing: the feed may be behind the view
// that answers.
func TestAJoinOfARoomThatIsWatchedSkipsNothing(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("bo", "open", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	ana.must("room", "watch", object{"room": "open"})
	r.town.Set(gatewaytest.Faults{SilentHeads: true, SilentNotices: true, Events: func(*chatv1.RoomEvents) []*chatv1.RoomEvents { return nil }})
	r.town.Post("bo", "open", "1", "lost on the way")
	id := ana.send("join", object{"room": "open"})
	ana.event(2)
	ana.event(3)
	if view := ana.expect("room"); view["re"] != id || view["head"] != 3.0 || view["role"] != "MEMBER" {
		t.Errorf("%v", view)
	}
	r.town.Set(gatewaytest.Faults{})
	r.town.Post("bo", "open", "2", "x")
	ana.event(4)
}
