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

func TestLostLastEventIsFoundByHeads(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	r.town.Set(gatewaytest.Faults{Events: func(*chatv1.RoomEvents) []*chatv1.RoomEvents { return nil }})
	r.town.Post("ana", "lobby", "m1", "x")
	r.town.Post("ana", "lobby", "m2", "x")
	ana.event(2)
	ana.event(3)
}

func TestLostEventIsFoundByTheNext(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	n := 0
	r.town.Set(gatewaytest.Faults{SilentHeads: true, Events: func(m *chatv1.RoomEvents) []*chatv1.RoomEvents {
		if n++; n%3 == 1 {
			return nil
		}
		return []*chatv1.RoomEvents{m, m}
	}})
	for i := range 30 {
		r.town.Post("ana", "lobby", msgID(i), "x")
	}
	for seq := 2; seq <= 31; seq++ {
		ana.event(seq)
	}
}

func TestASendWaitsForABrokerThatRestarts(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	r.nats.Stop()
	id := ana.send("send", object{"room": "lobby", "clientMsgId": "m1", "text": "sent in the outage"})
	ana.must("pong", "ping", object{})
	r.nats.Restart(t)
	for acked := false; !acked; {
		name, body := ana.next()
		acked = name == "ack" && body["re"] == id && body["seq"] == 2.0
	}
}

func TestAnEventLostInAnOutageIsFound(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	r.town.Set(gatewaytest.Faults{SilentHeads: true, Events: func(*chatv1.RoomEvents) []*chatv1.RoomEvents { return nil }})
	r.town.Post("ana", "lobby", "m1", "nobody hears of it")
	ana.silent()
	r.nats.Restart(t)
	ana.event(2)
}

func TestDrain(t *testing.T) {
	r := start(t, func(c *Config) { c.Drain = 500 * time.Millisecond })
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	late := r.dial(t)
	stopped := make(chan struct{})
	go func() { r.stop(); close(stopped) }()
	goaway := ana.expect("goaway")
	if after := goaway["afterMs"].(float64); after > 500 || goaway["reason"] == "" {
		t.Errorf("%v", goaway)
	}
	if reply := r.get(t, "/v1/ws", map[string][]string{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Protocol": {"natter.v1.json"},
	}); reply.StatusCode != 503 || reply.Header.Get("Retry-After") == "" {
		t.Errorf("%v", reply.Status)
	}
	ana.must("ack", "send", object{"room": "lobby", "clientMsgId": "m", "text": "still served"})
	ana.ends(closeGoingAway)
	late.ends(closeGoingAway)
	<-stopped
}

func TestUnavailableOwner(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	r.town.Set(gatewaytest.Faults{Command: func(int) (bool, bool) { return false, false }})
	ana.refused("UNAVAILABLE", "send", object{"room": "lobby", "clientMsgId": "m", "text": "x"})
	if n := r.town.Attempts(); n < 4 || n > 12 {
		t.Errorf("%d attempts", n)
	}
}

// presenceOf collects what a gateway tells presence, and answers for it.
type presenceStub struct {
	in  chan *presencev1.FromGateway
	nc  *nats.Conn
	out func(room string, c *presencev1.RoomChanges)
}

func startPresence(t *testing.T, r *rig, whole *presencev1.RoomChanges) *presenceStub {
	t.Helper()
	p := &presenceStub{in: make(chan *presencev1.FromGateway, 1000), nc: r.nats.Connect(t, natsx.Operator)}
	follow := func(subject string, handle nats.MsgHandler) {
		if _, err := p.nc.Subscribe(subject, handle); err != nil {
			t.Fatal(err)
		}
	}
	follow(subject.AllPresenceIn, func(msg *nats.Msg) {
		m := &presencev1.FromGateway{}
		if err := proto.Unmarshal(msg.Data, m); err != nil {
			t.Error(err)
		}
		p.in <- m
	})
	r.town.SetPresence(gatewaytest.Presence{Rooms: map[string]*presencev1.RoomChanges{whole.GetRoom(): whole}})
	p.out = func(room string, c *presencev1.RoomChanges) {
		data, _ := proto.Marshal(c)
		if err := p.nc.Publish(subject.PresenceOut(room), data); err != nil {
			t.Error(err)
		}
	}
	if err := p.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPresence(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC, "bo")
	online := func(user string) *userPresence {
		return &userPresence{User: user, State: clientv1.PresenceState_ONLINE}
	}
	p := startPresence(t, r, &presencev1.RoomChanges{Room: "lobby", Owner: "o1", Number: 5, Whole: true, Online: 1, Changes: []*userPresence{online("bo")}})
	ana, welcome := r.hello(t, "ana", object{"state": "AWAY"})

	sessions := map[string]*presencev1.Session{}
	var last uint64
	for sessions[welcome["session"].(string)] == nil || len(sessions[welcome["session"].(string)].Rooms) == 0 {
		m := <-p.in
		if len(m.Changes) == 0 {
			if m.Number != last {
				t.Fatalf("a beat says %d after %d", m.Number, last)
			}
			continue
		}
		if m.Number != last+1 || m.Gateway != r.instance || m.Incarnation == 0 {
			t.Fatalf("%v after %d", m, last)
		}
		last = m.Number
		for _, c := range m.Changes {
			if s := c.GetSession(); s != nil {
				sessions[s.Session] = s
			}
			if c := c.GetRooms(); c != nil {
				sessions[c.Session].Rooms = append(sessions[c.Session].Rooms, c.Entered...)
			}
		}
	}
	mine := sessions[welcome["session"].(string)]
	if mine.User != "ana" || mine.State != clientv1.PresenceState_AWAY || mine.Rooms[0] != "lobby" {
		t.Errorf("%v", mine)
	}
	if sync := r.reporter.part(0); len(sync.Sessions) != 1 || !proto.Equal(sync.Sessions[0], mine) || sync.Cursor != 0 || sync.Number != last {
		t.Errorf("%v", sync)
	}

	expect := func(user, state string, online float64) {
		t.Helper()
		name, body := ana.next()
		if changes, _ := body["changes"].([]any); name != "presenceChange" || len(changes) != 1 || changes[0].(object)["user"] != user ||
			changes[0].(object)["state"] != state || body["online"] != online || body["room"] != "lobby" {
			t.Fatalf("%s %v, want %s %s", name, body, user, state)
		}
	}
	expect("bo", "ONLINE", 1) // the whole, asked for when the room became live
	p.out("lobby", &presencev1.RoomChanges{Owner: "o1", Number: 6, Online: 2, Changes: []*userPresence{online("ana")}})
	expect("ana", "ONLINE", 2)
	p.out("lobby", &presencev1.RoomChanges{Owner: "o1", Number: 6, Online: 9}) // again
	p.out("lobby", &presencev1.RoomChanges{Owner: "o1", Number: 8, Online: 7}) // a hole: the whole is asked for
	expect("ana", "OFFLINE", 1)                                                // which knows of bo alone
	list := ana.must("memberList", "members", object{"room": "lobby"})["members"].([]any)
	if list[0].(object)["state"] != "OFFLINE" || list[1].(object)["state"] != "ONLINE" || list[1].(object)["role"] != "MEMBER" {
		t.Errorf("%v", list)
	}
	if all := ana.must("presenceChange", "presence", object{"room": "lobby"}); len(all["changes"].([]any)) != 1 || all["online"] != 1.0 {
		t.Errorf("%v", all)
	}
	phone, _ := r.hello(t, "ana")
	phone.must("ok", "status", object{"state": "BUSY", "text": "in a meeting"})
	for {
		if _, body := ana.next(); body["room"] == nil {
			if change := body["changes"].([]any)[0].(object); change["state"] != "BUSY" || change["text"] != "in a meeting" {
				t.Errorf("%v", change)
			}
			break
		}
	}
	_ = phone.conn.Close()
	for ended := false; !ended; {
		for _, c := range (<-p.in).Changes {
			ended = ended || c.GetEnded() != ""
		}
	}
}

func TestTypingAndSignals(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC, "bo")
	ana, _ := r.hello(t, "ana")
	bo, _ := r.hello(t, "bo")
	ana.must("ok", "typing", object{"room": "lobby"})
	if got := bo.expect("typing"); got["user"] != "ana" || got["stop"] != false || got["room"] != "lobby" {
		t.Errorf("%v", got)
	}
	ana.refused("RATE_LIMITED", "typing", object{"room": "lobby"})
	ana.raw(`{"typing":{"room":"lobby"}}`) // dropped in silence
	ana.raw(`{"typing":{"room":"lobby","stop":true}}`)
	if got := bo.expect("typing"); got["stop"] != true {
		t.Errorf("%v", got)
	}
	ana.silent()
	ana.raw(`{"signal":{"room":"lobby","name":"cursor","data":{"x":1}}}`)
	for _, c := range []*client{ana, bo} {
		if got := c.expect("signal"); got["user"] != "ana" || got["name"] != "cursor" || got["data"].(object)["x"] != 1.0 {
			t.Errorf("%v", got)
		}
	}
	bo.must("ok", "read", object{"room": "lobby", "seq": 1})
	bo.must("ok", "read", object{"room": "lobby", "seq": 2})
	data, _ := proto.Marshal(&chatv1.Marks{Marks: []*chatv1.Mark{{Room: "lobby", User: "bo", Seq: 1}}})
	if err := r.nats.Connect(t, natsx.Operator).Publish(subject.Marks("lobby"), data); err != nil {
		t.Fatal(err)
	}
	if got := ana.expect("readMark"); got["user"] != "bo" || got["seq"] != 1.0 {
		t.Errorf("%v", got)
	}
}

func TestPagesAndLists(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	for i := range 5 {
		r.town.Post("ana", "lobby", msgID(i), msgID(i))
	}
	bo, _ := r.hello(t, "bo")
	page := bo.must("page", "messages", object{"room": "lobby", "before": 5, "limit": 2})
	messages := page["messages"].([]any)
	if len(messages) != 2 || messages[0].(object)["seq"] != 3.0 || page["hasBefore"] != true || page["hasAfter"] != true || page["room"] != "lobby" {
		t.Errorf("%v", page)
	}
	rooms := bo.must("roomList", "rooms", object{})["rooms"].([]any)
	if len(rooms) != 1 || rooms[0].(object)["room"] != "lobby" || rooms[0].(object)["role"] != "ROLE_UNSPECIFIED" {
		t.Errorf("%v", rooms)
	}
}
