package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

// signal is a signal as it came.
type signal struct {
	Room string          `json:"room"`
	User string          `json:"user"`
	Name string          `json:"name"`
	Data json.RawMessage `json:"data"`
}

func signalIn(f client.Frame) *signal {
	var frame struct {
		Signal *signal `json:"signal"`
	}
	if json.Unmarshal(f.Raw, &frame) != nil {
		return nil
	}
	return frame.Signal
}

// signalled waits for a signal of that name.
func (s *session) signalled(name string) *signal {
	s.t.Helper()
	return signalIn(s.await("the signal "+name, 0, func(f client.Frame) bool {
		got := signalIn(f)
		return got != nil && got.Name == name
	}))
}

// signals are the names of those that came, in order.
func (s *session) signals() []string {
	var names []string
	for _, f := range s.Since(0) {
		if got := signalIn(f); got != nil {
			names = append(names, got.Name)
		}
	}
	return names
}

// TestSignalReachesAllThatAreLive: members and watchers, at whichever gateway,
// and the sender on all connections; nobody else, and nobody afterwards.
func TestSignalReachesAllThatAreLive(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		second, bo, watcher, stranger := enter(t, d, 1, ana.user), enter(t, d, 1, unique(t, "bo")), enter(t, d, 1, unique(t, "watcher")), enter(t, d, 0, unique(t, "stranger"))
		second.live(room)
		bo.view("join", M{"room": room})
		watcher.view("watch", M{"room": room})
		head := ana.send(room, "here").Seq
		ana.ok("signal", M{"room": room, "name": "cursor", "data": M{"x": 1.5, "deep": []any{nil, true, "ä", M{}}}})
		for _, s := range []*session{ana, second, bo, watcher} {
			got := s.signalled("cursor")
			if got.Room != room || got.User != ana.user || string(got.Data) != `{"deep":[null,true,"ä",{}],"x":1.5}` {
				t.Errorf("%s got %+v", s.user, got)
			}
		}
		ana.ok("signal", M{"room": room, "name": "bare"})
		if got := bo.signalled("bare"); got.Data != nil {
			t.Errorf("a signal without data came as %+v", got)
		}
		if stranger.ping(); len(stranger.signals()) > 0 {
			t.Errorf("a stranger got %v", stranger.signals())
		}
		late := bo.back(d, 0)
		if view := late.live(room); view.Resume != "COMPLETE" || view.Head != head {
			t.Errorf("after signals the room is %+v, want head %d", view, head)
		}
		watcher.ok("unwatch", M{"room": room})
		ana.ok("signal", M{"room": room, "name": "last"})
		late.signalled("last")
		watcher.ping()
		for who, names := range map[string][]string{"who came later": late.signals(), "who has gone": watcher.signals()} {
			want := map[string]string{"who came later": "[last]", "who has gone": "[cursor bare]"}[who]
			if fmt.Sprint(names) != want {
				t.Errorf("%s got the signals %v, want %s", who, names, want)
			}
		}
	})
}

// TestWhoMaySignal: who may write, and as soon as that changes. Who is muted
// does not type, either.
func TestWhoMaySignal(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c := newCast(t, d, "PUBLIC")
		for _, s := range []*session{c.moderator, c.member, c.reader} {
			s.live(c.room)
		}
		may := func(s *session) { t.Helper(); s.ok("signal", M{"room": c.room, "name": "x"}) }
		mayNot := func(s *session, code string) {
			t.Helper()
			s.refused("signal", M{"room": c.room, "name": "x"}, code, "room")
		}
		// seen waits until a session has the event by which something changed.
		seen := func(s *session, ack *client.Ack) { t.Helper(); s.event(c.room, ack.Seq) }

		may(c.owner)
		may(c.moderator)
		may(c.member)
		seen(c.reader, c.owner.send(c.room, "here"))
		mayNot(c.reader, "FORBIDDEN")
		mayNot(c.outside, "NOT_FOUND")
		c.outside.view("watch", M{"room": c.room})
		mayNot(c.outside, "FORBIDDEN")

		seen(c.member, c.moderator.ack("mute", M{"room": c.room, "user": c.member.user}))
		mayNot(c.member, "FORBIDDEN")
		c.member.refused("typing", M{"room": c.room}, "FORBIDDEN", "room")
		c.member.ok("typing", M{"room": c.room, "stop": true})
		again := enter(t, d, 1, c.member.user) // a new connection changes nothing
		again.live(c.room)
		mayNot(again, "FORBIDDEN")
		again.refused("typing", M{"room": c.room}, "FORBIDDEN", "room")
		seen(again, c.moderator.ack("unmute", M{"room": c.room, "user": c.member.user}))
		may(again)
		again.ok("typing", M{"room": c.room})

		seen(c.reader, c.owner.ack("setRole", M{"room": c.room, "user": c.reader.user, "role": "MEMBER"}))
		may(c.reader)
		seen(c.member, c.owner.ack("updateRoom", M{"room": c.room, "archived": true}))
		mayNot(c.member, "FORBIDDEN")
		mayNot(c.owner, "FORBIDDEN")
		seen(c.member, c.owner.ack("updateRoom", M{"room": c.room, "archived": false}))
		may(c.member)
		c.moderator.ack("kick", M{"room": c.room, "user": c.member.user})
		c.member.gone(c.room)
		mayNot(c.member, "NOT_FOUND")

		for i, name := range c.owner.signals() {
			if name != "x" {
				t.Errorf("signal %d is %s", i, name)
			}
		}
	})
}

// TestSignalInBroadcast: prices are told by who keeps the room.
func TestSignalInBroadcast(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c := newCast(t, d, "BROADCAST")
		c.member.live(c.room)
		c.moderator.live(c.room)
		c.outside.view("watch", M{"room": c.room})
		c.moderator.event(c.room, c.owner.send(c.room, "here").Seq)
		c.member.refused("signal", M{"room": c.room, "name": "tick"}, "FORBIDDEN", "room")
		c.moderator.ok("signal", M{"room": c.room, "name": "tick", "data": M{"bid": "101.25"}})
		if got := c.outside.signalled("tick"); got.User != c.moderator.user {
			t.Errorf("the tick is %+v", got)
		}
	})
}

// TestSignalBounds: 64 bytes of name, 4 KiB of data as JSON without spaces, 20
// in a second.
func TestSignalBounds(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		name := strings.Repeat("n", 64)
		ana.ok("signal", M{"room": room, "name": name, "data": M{"x": strings.Repeat("ä", (4096-len(`{"x":""}`))/2)}})
		ana.signalled(name)
		ana.refused("signal", M{"room": room, "name": name + "n"}, "TOO_LARGE", "name")
		ana.refused("signal", M{"room": room, "name": "x", "data": M{"x": strings.Repeat("x", 4097-len(`{"x":""}`))}}, "TOO_LARGE", "data")

		bo := enter(t, d, 1, unique(t, "bo")) // an allowance of their own
		bo.view("join", M{"room": room})
		const burst = 200
		ids := make([]uint32, burst)
		for i := range ids {
			var err error
			if ids[i], err = bo.Post("signal", M{"room": room, "name": "many"}); err != nil {
				t.Fatal(err)
			}
		}
		passed := 0
		for _, id := range ids {
			switch reply, err := bo.Reply(t.Context(), id); {
			case err != nil:
				t.Fatal(err)
			case reply.OK != nil:
				passed++
			case reply.Error.Code != "RATE_LIMITED" || reply.Error.RetryAfterMs == nil || *reply.Error.RetryAfterMs == 0 || *reply.Error.RetryAfterMs > 50:
				t.Fatalf("too many signals are answered with %s", reply)
			}
		}
		if passed < 20 || passed > burst/2 {
			t.Errorf("of %d signals at once %d were passed on", burst, passed)
		}
		for range burst { // without an id, too many are dropped in silence
			if err := bo.Raw(1, []byte(fmt.Sprintf(`{"signal":{"room":%q,"name":"quiet"}}`, room))); err != nil {
				t.Fatal(err)
			}
		}
		mark := bo.Mark()
		bo.ping()
		for _, f := range bo.Since(mark) {
			if f.Error != nil {
				t.Fatalf("without an id came %s", f)
			}
		}
	})
}

// TestSignalInBothSubprotocols: what is sent in one comes in the other, data
// and all.
func TestSignalInBothSubprotocols(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		bo := dialBinary(t, d, 1, unique(t, "bo"))
		bo.ask(&clientv1.ClientFrame{Id: 2, Request: &clientv1.ClientFrame_Join_{Join: &clientv1.ClientFrame_Join{Room: room}}})
		bo.await("the room", func(f *clientv1.ServerFrame) bool { return f.GetRe() == 2 && f.GetRoom() != nil })

		data := M{"x": 1.5, "list": []any{nil, true, "ä", M{}}}
		ana.ok("signal", M{"room": room, "name": "to binary", "data": data})
		got := bo.await("the signal", func(f *clientv1.ServerFrame) bool { return f.GetSignal() != nil }).GetSignal()
		if err := sameShape("data", map[string]any(data), got.GetData().AsMap(), everything); err != nil || got.GetUser() != ana.user || got.GetName() != "to binary" {
			t.Errorf("the signal is %v: %v", got, err)
		}

		object, err := structpb.NewStruct(data)
		if err != nil {
			t.Fatal(err)
		}
		bo.ask(&clientv1.ClientFrame{Request: &clientv1.ClientFrame_Signal_{Signal: &clientv1.ClientFrame_Signal{Room: room, Name: "to text", Data: object}}})
		if got := ana.signalled("to text"); string(got.Data) != `{"list":[null,true,"ä",{}],"x":1.5}` {
			t.Errorf("the signal is %+v", got)
		}
	})
}

// binaryClient is a connection that speaks natter.v1.protobuf.
type binaryClient struct {
	t    *testing.T
	conn *websocket.Conn
}

func dialBinary(t *testing.T, d *shape.Deployment, i int, user string) *binaryClient {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"natter.v1.protobuf"}, HandshakeTimeout: client.Patience}
	conn, _, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(gateway(d, i), "http")+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	b := &binaryClient{t: t, conn: conn}
	b.ask(&clientv1.ClientFrame{Id: 1, Request: &clientv1.ClientFrame_Hello_{Hello: &clientv1.ClientFrame_Hello{Token: token.For(user, user).Sign(d.JWTSecret)}}})
	b.await("the welcome", func(f *clientv1.ServerFrame) bool { return f.GetWelcome() != nil })
	return b
}

func (b *binaryClient) ask(f *clientv1.ClientFrame) {
	b.t.Helper()
	data, err := proto.Marshal(f)
	if err == nil {
		err = b.conn.WriteMessage(websocket.BinaryMessage, data)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *binaryClient) await(what string, is func(*clientv1.ServerFrame) bool) *clientv1.ServerFrame {
	b.t.Helper()
	if err := b.conn.SetReadDeadline(time.Now().Add(client.Patience)); err != nil {
		b.t.Fatal(err)
	}
	for {
		_, data, err := b.conn.ReadMessage()
		if err != nil {
			b.t.Fatalf("%s did not come: %v", what, err)
		}
		f := &clientv1.ServerFrame{}
		if err := proto.Unmarshal(data, f); err != nil {
			b.t.Fatal(err)
		}
		if is(f) {
			return f
		}
	}
}
