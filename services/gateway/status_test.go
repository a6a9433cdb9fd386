package gateway

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// reports are what a gateway says of its sessions, in order.
func (r *rig) reports(t *testing.T) <-chan *presencev1.Change {
	t.Helper()
	changes := make(chan *presencev1.Change, 1000)
	nc := r.nats.Connect(t, natsx.Operator)
	_, err := nc.Subscribe(subject.PresenceIn(r.instance), func(msg *nats.Msg) {
		m := &presencev1.FromGateway{}
		if err := proto.Unmarshal(msg.Data, m); err != nil {
			t.Error(err)
		}
		for _, c := range m.GetChanges() {
			changes <- c
		}
	})
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func reported(t *testing.T, changes <-chan *presencev1.Change, what string, is func(*presencev1.Change) bool) *presencev1.Change {
	t.Helper()
	for {
		select {
		case c := <-changes:
			if is(c) {
				return c
			}
		case <-time.After(patience):
			t.Fatalf("it was not reported that %s", what)
		}
	}
}

// own waits until a session is told how its user is shown now.
func (c *client) own(state, text string) {
	c.t.Helper()
	for {
		name, body := c.next()
		if name != "presenceChange" || body["room"] != nil {
			continue
		}
		is := body["changes"].([]any)[0].(object)
		if got, _ := is["text"].(string); is["state"] != state || got != text {
			c.t.Fatalf("told to be %v %q, want %s %q", is["state"], got, state, text)
		}
		return
	}
}

// TestStatusHoldsOnAllGateways: also on one that the user comes to later, and
// after the gateway where it was said has ended.
func TestStatusHoldsOnAllGateways(t *testing.T) {
	a := start(t)
	b := startWith(t, a.nats, a.town)
	told := b.reports(t)
	here, _ := a.hello(t, "ana")
	there, _ := b.hello(t, "ana")
	here.must("ok", "status", object{"state": "BUSY", "text": "writing"})
	there.own("BUSY", "writing")
	first := reported(t, told, "ana is busy", func(c *presencev1.Change) bool {
		return c.GetSession().GetState() == clientv1.PresenceState_BUSY
	}).GetSession()
	if first.GetText() != "writing" || first.GetStatusMs() == 0 {
		t.Errorf("reported %v", first)
	}
	there.must("ok", "status", object{"state": "ONLINE"})
	here.own("ONLINE", "")
	second := reported(t, told, "ana is back", func(c *presencev1.Change) bool { return c.GetSession().GetText() == "" }).GetSession()
	if second.GetStatusMs() <= first.GetStatusMs() {
		t.Errorf("of two that were said one after another the times are %d and %d", first.GetStatusMs(), second.GetStatusMs())
	}
	here.must("ok", "status", object{"state": "INVISIBLE"})
	there.own("INVISIBLE", "")
	a.stop()
	again, _ := b.hello(t, "ana")
	again.own("INVISIBLE", "")
	last := reported(t, told, "the new session is invisible", func(c *presencev1.Change) bool {
		return c.GetSession().GetSession() != "" && c.GetSession().GetSession() != first.GetSession()
	}).GetSession()
	if last.GetState() != clientv1.PresenceState_INVISIBLE || last.GetStatusMs() <= second.GetStatusMs() {
		t.Errorf("reported %v", last)
	}
}

// TestStatusIsAskedFor: a user's first session here begins as they said
// elsewhere; nobody sees it otherwise before.
func TestStatusIsAskedFor(t *testing.T) {
	r := start(t)
	r.town.SetPresence(gatewaytest.Presence{Statuses: map[string]*presencev1.UserStatus{
		"ana": {User: "ana", State: clientv1.PresenceState_INVISIBLE, StatusMs: 7},
	}})
	told := r.reports(t)
	ana, _ := r.hello(t, "ana")
	ana.own("INVISIBLE", "")
	first := reported(t, told, "ana is here", func(c *presencev1.Change) bool { return c.GetSession().GetUser() == "ana" }).GetSession()
	if first.GetState() != clientv1.PresenceState_INVISIBLE || first.GetStatusMs() != 7 {
		t.Errorf("reported %v", first)
	}
}

// TestNobodyIsToldBeforeTheStatusIsKnown: while presence is away, what a
// session does tells nobody that its user is here.
func TestNobodyIsToldBeforeTheStatusIsKnown(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "red", chatv1.RoomKind_PUBLIC, "bo")
	bo, _ := r.hello(t, "bo")
	bo.must("ok", "status", object{"state": "ONLINE"})
	r.town.SetPresence(gatewaytest.Presence{Silent: true})
	ana, _ := r.hello(t, "ana")
	ana.must("ok", "typing", object{"room": "red"})
	bo.silent()
	r.town.SetPresence(gatewaytest.Presence{})
	eventually(t, "ana's status is known", func() bool { return !r.users.hidden(sessionOf(t, r, "ana")) })
	ana.must("ok", "typing", object{"room": "red", "stop": true})
	bo.expect("typing")
}

func sessionOf(t *testing.T, r *rig, user string) *session {
	t.Helper()
	sessions := r.users.sessions(user)
	if len(sessions) != 1 {
		t.Fatalf("%s has %d sessions", user, len(sessions))
	}
	return sessions[0]
}

// TestIdleDevice: an idle device does not make its user away on the others.
func TestIdleDevice(t *testing.T) {
	r := start(t)
	told := r.reports(t)
	desk, welcome := r.hello(t, "ana")
	phone, _ := r.hello(t, "ana")
	desk.must("ok", "status", object{"state": "AWAY", "device": true})
	phone.silent()
	first := reported(t, told, "the desk is idle", func(c *presencev1.Change) bool {
		return c.GetSession().GetState() == clientv1.PresenceState_AWAY
	}).GetSession()
	if first.GetSession() != welcome["session"] || first.GetStatusMs() != 0 {
		t.Errorf("reported %v, want the desk alone", first)
	}
	phone.must("ok", "status", object{"state": "ONLINE", "text": "here"})
	got := map[string]clientv1.PresenceState{}
	for len(got) < 2 {
		c := reported(t, told, "ana has a text", func(c *presencev1.Change) bool { return c.GetSession().GetText() == "here" })
		got[c.GetSession().GetSession()] = c.GetSession().GetState()
	}
	if got[first.GetSession()] != clientv1.PresenceState_AWAY {
		t.Errorf("reported %v: the desk is still idle", got)
	}
	desk.refused("BAD_REQUEST", "status", object{"state": "INVISIBLE", "device": true})
	desk.refused("BAD_REQUEST", "status", object{"state": "AWAY", "device": true, "text": "x"})
}

func TestTextEnds(t *testing.T) {
	r := start(t)
	told := r.reports(t)
	ana, _ := r.hello(t, "ana")
	other, _ := r.hello(t, "ana")
	soon := time.Now().Add(1500 * time.Millisecond)
	ana.must("ok", "status", object{"state": "BUSY", "text": "lunch", "until": soon.UTC().Format(time.RFC3339Nano)})
	other.own("BUSY", "lunch")
	other.own("BUSY", "")
	if early := time.Until(soon); early > 0 {
		t.Errorf("the text went %v too early", early)
	}
	ana.own("BUSY", "")
	reported(t, told, "the text has gone", func(c *presencev1.Change) bool {
		return c.GetSession().GetStatusMs() != 0 && c.GetSession().GetText() == ""
	})
	for _, bad := range []object{
		{"state": "BUSY", "until": soon.Add(time.Hour).UTC().Format(time.RFC3339)},
		{"state": "BUSY", "text": "x", "until": "2001-01-01T00:00:00Z"},
		{"state": "BUSY", "text": "x", "until": time.Now().Add(31 * 24 * time.Hour).UTC().Format(time.RFC3339)},
	} {
		if field := ana.refused("BAD_REQUEST", "status", bad)["field"]; field != "until" {
			t.Errorf("%v: the field is %v", bad, field)
		}
	}
}

// TestGoneIsNotLeft: who is cut off is told of as ended, not as out of their
// rooms, so that they are not seen to go if they come back at once.
func TestGoneIsNotLeft(t *testing.T) {
	r := start(t)
	told := r.reports(t)
	r.town.Create("ana", "red", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	reported(t, told, "ana is in red", func(c *presencev1.Change) bool { return len(c.GetRooms().GetEntered()) > 0 })
	_ = ana.conn.Close()
	for {
		c := reported(t, told, "ana is gone", func(*presencev1.Change) bool { return true })
		if len(c.GetRooms().GetLeft()) > 0 {
			t.Fatalf("reported %v", c)
		}
		if c.GetEnded() != "" {
			return
		}
	}
}

// TestReadMarksOfAnInvisibleUser are marked so for whoever passes them on, and
// are not passed on to others.
func TestReadMarksOfAnInvisibleUser(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "red", chatv1.RoomKind_PUBLIC, "bo")
	ana, _ := r.hello(t, "ana", object{"state": "INVISIBLE"})
	bo, _ := r.hello(t, "bo")
	commands := make(chan *chatv1.Command, 10)
	nc := r.nats.Connect(t, natsx.Operator)
	_, err := nc.Subscribe(subject.AllCommands, func(msg *nats.Msg) {
		c := &chatv1.Command{}
		if proto.Unmarshal(msg.Data, c) == nil {
			commands <- c
		}
	})
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	ana.must("ok", "read", object{"room": "red", "seq": 1})
	if c := <-commands; !c.GetRead().GetHidden() {
		t.Errorf("the command is %v", c)
	}
	mark := func(seq uint32, hidden bool) {
		r.town.Mark(&chatv1.Mark{Room: "red", User: "ana", Seq: seq, Hidden: hidden})
	}
	mark(1, true)
	mark(2, false)
	if got := bo.expect("readMark"); got["seq"] != float64(2) {
		t.Errorf("bo is told %v", got)
	}
	if got := ana.expect("readMark"); got["seq"] != float64(1) {
		t.Errorf("ana is told %v", got)
	}
}
