package gateway

import (
	"sync/atomic"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
)

func invite(user string) *chatv1.Command {
	return &chatv1.Command{Change: &chatv1.Command_Invite{Invite: &chatv1.Invite{User: user}}}
}

// lostEvents loses all events, and the first questions for them.
func lostEvents(questions int32) gatewaytest.Faults {
	var asked atomic.Int32
	return gatewaytest.Faults{
		SilentHeads: true,
		Events:      func(*chatv1.RoomEvents) []*chatv1.RoomEvents { return nil },
		Question:    func(a *chatv1.Ask) bool { return a.GetEvents() == nil || asked.Add(1) > questions },
	}
}

// TestARemovalHeardOfOnce: the notice comes once, the event never, and the
// owner does not answer at first.
func TestARemovalHeardOfOnce(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("bo", "secret", chatv1.RoomKind_PRIVATE, "ana")
	ana, _ := r.hello(t, "ana")
	r.town.Set(lostEvents(2))
	r.town.Do("bo", "secret", kick("ana"))
	ana.event(2)
	if gone := ana.expect("gone"); gone["reason"] != "removed" {
		t.Errorf("%v", gone)
	}
}

// TestAHeadHeardOnce is enough, even if the owner does not answer at first.
func TestAHeadHeardOnce(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	faults, said := lostEvents(2), false
	faults.SilentHeads = false
	faults.Heads = func(m *chatv1.Heads) []*chatv1.Heads {
		for _, h := range m.GetHeads() {
			if h.GetSeq() == 2 && !said {
				said = true
				return []*chatv1.Heads{m}
			}
		}
		return nil
	}
	r.town.Set(faults)
	r.town.Post("ana", "lobby", "m", "x")
	ana.event(2)
}

// TestAMembershipMissedInAnOutage: neither the notice nor a head tells of it.
func TestAMembershipMissedInAnOutage(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("bo", "secret", chatv1.RoomKind_PRIVATE)
	ana, _ := r.hello(t, "ana")
	r.town.Set(gatewaytest.Faults{SilentHeads: true, SilentNotices: true})
	r.town.Do("bo", "secret", invite("ana"))
	ana.silent()
	r.nats.Restart(t)
	if view := ana.expect("room"); view["room"] != "secret" || view["head"] != 2.0 {
		t.Errorf("%v", view)
	}
}

// TestARoomWhoseOwnerIsAway becomes live once the owner is there again, though
// the membership was heard of once, and no partition is silent for so long that
// all memberships are looked at.
func TestARoomWhoseOwnerIsAway(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("bo", "secret", chatv1.RoomKind_PRIVATE)
	ana, _ := r.hello(t, "ana")
	session := r.users.sessions("ana")[0]
	bare := func(m *chatv1.Heads) []*chatv1.Heads { return []*chatv1.Heads{{Epoch: m.GetEpoch()}} }
	r.town.Set(gatewaytest.Faults{Heads: bare, Away: true})
	r.town.Do("bo", "secret", invite("ana"))
	eventually(t, "the gateway asks for the room", session.isEntering)
	eventually(t, "the gateway has given up for now", func() bool { return !session.isEntering() })
	r.town.Set(gatewaytest.Faults{Heads: bare})
	if view := ana.expect("room"); view["room"] != "secret" {
		t.Errorf("%v", view)
	}
}

// isEntering tells whether any room becomes live by itself.
func (s *session) isEntering() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.entering) > 0
}

// heldCommands are answered once the channel is closed.
func heldCommands() (f gatewaytest.Faults, begun *atomic.Bool, release chan struct{}) {
	begun, release = &atomic.Bool{}, make(chan struct{})
	return gatewaytest.Faults{Command: func(int) (bool, bool) {
		begun.Store(true)
		<-release
		return true, true
	}}, begun, release
}

// TestTheLastAckComesBeforeTheClose of a gateway that stops.
func TestTheLastAckComesBeforeTheClose(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Drain = 200 * time.Millisecond })
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	faults, begun, release := heldCommands()
	r.town.Set(faults)
	id := ana.send("send", object{"room": "lobby", "clientMsgId": "m", "text": "x"})
	eventually(t, "the command is under way", begun.Load)
	stopped := make(chan struct{})
	go func() { r.stop(); close(stopped) }()
	ana.expect("goaway")
	eventually(t, "the time to move is over", r.finishing.Load)
	close(release)
	for acked := false; !acked; {
		name, body := ana.next()
		acked = name == "ack" && body["re"] == id
	}
	ana.ends(closeGoingAway)
	<-stopped
}

// TestGreetedWhileOthersGo: who says hello late is sent away, too.
func TestGreetedWhileOthersGo(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.Drain = 3 * time.Second })
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	late := r.dial(t)
	stopped := make(chan struct{})
	go func() { r.stop(); close(stopped) }()
	ana.expect("goaway")
	late.send("hello", object{"token": tokenOf(t, "ana", time.Hour)})
	late.expect("welcome")
	if goaway := late.expect("goaway"); goaway["afterMs"].(float64) > 3000 {
		t.Errorf("%v", goaway)
	}
	late.ends(closeGoingAway)
	<-stopped
}

// TestWaitingSendsOfAClosedSession are dropped: its successor sends them again.
func TestWaitingSendsOfAClosedSession(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	session := r.users.sessions("ana")[0]
	faults, begun, release := heldCommands()
	r.town.Set(faults)
	ana.send("send", object{"room": "lobby", "clientMsgId": "first", "text": "x"})
	eventually(t, "the command is under way", begun.Load)
	for i := range 5 {
		ana.send("send", object{"room": "lobby", "clientMsgId": msgID(i), "text": "x"})
	}
	ana.must("pong", "ping", object{})
	_ = ana.conn.Close()
	eventually(t, "the session has ended", session.ended.Load)
	close(release)
	eventually(t, "nothing is under way", func() bool { return !session.working() })
	if head := r.town.Head("lobby"); head != 2 {
		t.Errorf("head %d, want 2", head)
	}
}
