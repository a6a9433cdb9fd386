package gateway

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
)

// viewsOf are the rooms of a welcome, by id.
func viewsOf(welcome object) map[string]object {
	views := map[string]object{}
	for _, v := range welcome["rooms"].([]any) {
		views[v.(object)["room"].(string)] = v.(object)
	}
	return views
}

func resumeAt(positions ...any) object {
	list := []object{}
	for i := 0; i < len(positions); i += 2 {
		list = append(list, object{"room": positions[i], "seq": positions[i+1]})
	}
	return object{"resume": list}
}

func TestHelloMakesRoomsLive(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "mine", chatv1.RoomKind_PUBLIC)
	r.town.Create("bo", "secret", chatv1.RoomKind_PRIVATE, "ana")
	r.town.Create("bo", "open", chatv1.RoomKind_PUBLIC)
	r.town.Create("bo", "closed", chatv1.RoomKind_PRIVATE)
	ana, welcome := r.hello(t, "ana")
	views := viewsOf(welcome)
	if len(views) != 2 || views["mine"]["resume"] != "FRESH" || views["secret"]["role"] != "MEMBER" {
		t.Fatalf("%v", views)
	}
	r.town.Post("bo", "secret", "m1", "psst")
	r.town.Post("bo", "open", "m1", "not for her")
	ana.event(2)
	ana.silent()
}

func TestResume(t *testing.T) {
	for name, warm := range map[string]bool{"from the owner": false, "from the ring": true} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
			r.town.Create("bo", "news", chatv1.RoomKind_PUBLIC)
			r.town.Create("bo", "hidden", chatv1.RoomKind_PRIVATE)
			if warm {
				r.hello(t, "ana", resumeAt("news", 1))
			}
			for i := range 40 {
				r.town.Post("ana", "lobby", msgID(i), msgID(i))
				r.town.Post("bo", "news", msgID(i), msgID(i))
			}
			if warm {
				eventually(t, "the feed has it all", func() bool { return r.feeds.get("lobby").covers(1) && r.feeds.get("news").at() == 41 })
			}
			ana, welcome := r.hello(t, "ana", object{"epoch": r.town.Epoch()}, resumeAt("lobby", 11, "news", 39, "hidden", 1))
			views := viewsOf(welcome)
			if len(views) != 2 || views["lobby"]["resume"] != "COMPLETE" || views["news"]["resume"] != "COMPLETE" || views["lobby"]["head"] != 41.0 {
				t.Fatalf("%v", views)
			}
			next, gone := map[string]int{"lobby": 12, "news": 40}, false
			for next["lobby"] <= 41 || next["news"] <= 41 || !gone {
				switch name, body := ana.next(); {
				case name == "gone" && body["room"] == "hidden":
					gone = true
				case name == "event" && body["seq"] == float64(next[body["room"].(string)]):
					next[body["room"].(string)]++
				case name != "presenceChange":
					t.Fatalf("%s %v; next are %v", name, body, next)
				}
			}
			r.town.Post("ana", "lobby", "after", "after")
			ana.event(42)
			ana.silent()
		})
	}
}

func TestResumeThatCannotBeComplete(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	for i := range 600 {
		r.town.Post("ana", "lobby", msgID(i), "x")
	}
	for name, tt := range map[string]struct {
		hello object
		want  string
	}{
		"too many":     {resumeAt("lobby", 1), "TRUNCATED"},
		"just enough":  {resumeAt("lobby", 101), "COMPLETE"},
		"beyond head":  {resumeAt("lobby", 602), "RESET"},
		"other past":   {object{"epoch": "17", "resume": []object{{"room": "lobby", "seq": 600}}}, "RESET"},
		"up to date":   {resumeAt("lobby", 601), "COMPLETE"},
		"not named":    {object{}, "FRESH"},
		"from nothing": {object{"resume": []object{{"room": "lobby"}}}, "TRUNCATED"},
	} {
		t.Run(name, func(t *testing.T) {
			ana, welcome := r.hello(t, "ana", tt.hello)
			if got := viewsOf(welcome)["lobby"]["resume"]; got != tt.want {
				t.Fatalf("%v, want %s", got, tt.want)
			}
			if name == "just enough" {
				for seq := 102; seq <= 601; seq++ {
					ana.event(seq)
				}
			}
			ana.silent()
			_ = ana.conn.Close()
			eventually(t, "the session is gone", func() bool { return len(r.users.sessions("ana")) == 0 })
		})
	}
}

func TestWatch(t *testing.T) {
	r := start(t)
	r.town.Create("bo", "news", chatv1.RoomKind_PUBLIC)
	for i := range 9 {
		r.town.Post("bo", "news", msgID(i), "x")
	}
	ana, _ := r.hello(t, "ana")
	if view := ana.must("room", "watch", object{"room": "news"}); view["resume"] != "FRESH" || view["role"] != "ROLE_UNSPECIFIED" || view["head"] != 10.0 {
		t.Fatalf("%v", view)
	}
	r.town.Post("bo", "news", "m10", "x")
	ana.event(11)
	// On a live room: first the answer, then what was missed, then what is new.
	if view := ana.must("room", "watch", object{"room": "news", "seq": 8}); view["resume"] != "COMPLETE" {
		t.Fatalf("%v", view)
	}
	for seq := 9; seq <= 11; seq++ {
		ana.event(seq)
	}
	r.town.Post("bo", "news", "m11", "x")
	ana.event(12)
	ana.refused("FORBIDDEN", "typing", object{"room": "news"})
	ana.refused("FORBIDDEN", "presence", object{"room": "news"})
	ana.must("ok", "unwatch", object{"room": "news"})
	ana.must("ok", "unwatch", object{"room": "news"})
	r.town.Post("bo", "news", "m12", "x")
	ana.silent()
	if view := ana.must("room", "watch", object{"room": "news", "seq": 12}); view["resume"] != "COMPLETE" {
		t.Fatalf("%v", view)
	}
	ana.event(13)
	if view := ana.must("room", "watch", object{"room": "news", "seq": 99}); view["resume"] != "RESET" {
		t.Fatalf("%v", view)
	}
	ana.silent()
}

func TestAReplayHoldsNoTextThatWasDeleted(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	for i := range 5 {
		r.town.Post("ana", "lobby", msgID(i), "secret")
	}
	r.town.Do("ana", "lobby", &chatv1.Command{Change: &chatv1.Command_Delete{Delete: &chatv1.Delete{Seq: 4}}})
	for seq := 2; seq <= 7; seq++ {
		ana.event(seq)
	}
	ana.must("room", "watch", object{"room": "lobby", "seq": 1})
	for seq := 2; seq <= 6; seq++ {
		text := ana.event(seq)["message"].(object)["text"]
		if want := map[bool]string{true: "", false: "secret"}[seq == 4]; text != want {
			t.Errorf("%d: %q, want %q", seq, text, want)
		}
	}
	ana.event(7)
}

func TestEpochThatChanges(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, welcome := r.hello(t, "ana")
	old := welcome["epoch"]
	r.town.Renew()
	ana.ends(closeStateLost)
	bo, welcome := r.hello(t, "ana", object{"epoch": old}, resumeAt("lobby", 1))
	if welcome["epoch"] == old || viewsOf(welcome)["lobby"]["resume"] != "RESET" {
		t.Errorf("%v", welcome)
	}
	r.town.Post("ana", "lobby", "m", "x")
	bo.event(2)
}

func TestRoomsOfAnotherSessionOfTheUser(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]gatewaytest.Faults{
		"by a notice": {}, "by heads": {SilentNotices: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			r.town.Create("bo", "secret", chatv1.RoomKind_PRIVATE)
			r.town.Create("bo", "open", chatv1.RoomKind_PUBLIC)
			r.town.Set(faults)
			phone, _ := r.hello(t, "ana")
			desk, _ := r.hello(t, "ana")
			desk.must("room", "join", object{"room": "open"})
			if view := phone.expect("room"); view["room"] != "open" || view["role"] != "MEMBER" || view["re"] != nil {
				t.Fatalf("%v", view)
			}
			r.town.Do("bo", "secret", &chatv1.Command{Change: &chatv1.Command_Invite{Invite: &chatv1.Invite{User: "ana"}}})
			for _, c := range []*client{phone, desk} {
				if view := c.expect("room"); view["room"] != "secret" {
					t.Fatalf("%v", view)
				}
			}
			r.town.Do("bo", "secret", &chatv1.Command{Change: &chatv1.Command_Kick{Kick: &chatv1.Kick{User: "ana"}}})
			for _, c := range []*client{phone, desk} {
				if e := c.event(3); e["removed"] == nil {
					t.Fatalf("%v", e)
				}
				if gone := c.expect("gone"); gone["room"] != "secret" || gone["reason"] != "removed" {
					t.Fatalf("%v", gone)
				}
			}
			r.town.Post("bo", "secret", "m1", "not for her")
			phone.must("ack", "leave", object{"room": "open"})
			if gone := desk.eventThenGone(3); gone["reason"] != "left" {
				t.Fatalf("%v", gone)
			}
			r.town.Post("bo", "open", "m2", "nor this")
			desk.silent()
		})
	}
}

func (c *client) eventThenGone(seq int) object {
	c.t.Helper()
	c.event(seq)
	return c.expect("gone")
}

func TestWatchersStayWhenOthersGo(t *testing.T) {
	r := start(t)
	r.town.Create("bo", "open", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	ana.must("room", "watch", object{"room": "open"})
	join := &chatv1.Command{Change: &chatv1.Command_Join{Join: &chatv1.Join{}}}
	r.town.Do("cy", "open", join)
	r.town.Do("bo", "open", &chatv1.Command{Change: &chatv1.Command_Kick{Kick: &chatv1.Kick{User: "cy"}}})
	ana.event(2)
	ana.event(3)
	// Who watches and joins is a member from then on.
	if view := ana.must("room", "join", object{"room": "open"}); view["role"] != "MEMBER" {
		t.Fatalf("%v", view)
	}
	ana.must("ok", "typing", object{"room": "open"})
	r.town.Do("bo", "open", &chatv1.Command{Change: &chatv1.Command_DeleteRoom{DeleteRoom: &chatv1.DeleteRoom{}}})
	if e := ana.event(5); e["closed"] == nil {
		t.Fatalf("%v", e)
	}
	if gone := ana.expect("gone"); gone["reason"] != "deleted" {
		t.Fatalf("%v", gone)
	}
	ana.refused("NOT_FOUND", "watch", object{"room": "open"})
}

// at is the last event that the feed has.
func (f *feed) at() uint32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

func TestLiveRoomsAreLimited(t *testing.T) {
	r := start(t, func(c *Config) { c.LiveRooms = 2 })
	for _, room := range []string{"a", "b", "c"} {
		r.town.Create("bo", room, chatv1.RoomKind_PUBLIC)
	}
	ana, _ := r.hello(t, "ana")
	ana.must("room", "watch", object{"room": "a"})
	ana.must("room", "join", object{"room": "b"})
	if refused := ana.refused("TOO_LARGE", "watch", object{"room": "c"}); refused["field"] != "room" {
		t.Errorf("%v", refused)
	}
	ana.refused("TOO_LARGE", "join", object{"room": "c"})
	ana.must("room", "watch", object{"room": "a"})
	ana.must("ok", "unwatch", object{"room": "a"})
	ana.must("room", "join", object{"room": "c"})
	// Of more rooms than may be live, hello takes as many as it can.
	r.town.Do("ana", "a", &chatv1.Command{Change: &chatv1.Command_Join{Join: &chatv1.Join{}}})
	if _, welcome := r.hello(t, "ana"); len(viewsOf(welcome)) != 2 {
		t.Errorf("%v", welcome["rooms"])
	}
}
