package gateway

import (
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

func startDirect(t *testing.T, x *direct.Exchange) *rig {
	t.Helper()
	server := natstest.Start(t, natstest.WithoutSync())
	return startOn(t, server, gatewaytest.Start(t, server.Connect(t, natsx.Operator)), x)
}

// TestNoticesWithinTheProcess: they come by what is followed once for all users.
func TestNoticesWithinTheProcess(t *testing.T) {
	t.Parallel()
	r := startDirect(t, direct.New(func(string) bool { return true }))
	r.town.Create("bo", "secret", chatv1.RoomKind_PRIVATE)
	before := r.nc.NumSubscriptions()
	ana, _ := r.hello(t, "ana")
	if n := r.nc.NumSubscriptions(); n != before {
		t.Errorf("%d subscriptions more for one user", n-before)
	}
	r.town.Set(gatewaytest.Faults{Heads: func(m *chatv1.Heads) []*chatv1.Heads { return []*chatv1.Heads{{Epoch: m.GetEpoch()}} }})
	r.town.Do("bo", "secret", invite("ana"))
	if room := ana.expect("room"); room["room"] != "secret" {
		t.Errorf("live: %v, want the room that ana was invited into", room)
	}
}

// TestStatusWithinTheProcess: what a presence in the same process has at once is
// asked once; where it has it only later, presence is asked again, and the status
// comes no later than it is known.
func TestStatusWithinTheProcess(t *testing.T) {
	t.Parallel()
	x := direct.New(func(string) bool { return true })
	r := startDirect(t, x)
	answer, err := proto.Marshal(&presencev1.UserStatus{User: "ana", State: clientv1.PresenceState_BUSY, StatusMs: 7})
	if err != nil {
		t.Fatal(err)
	}
	for name, late := range map[string]bool{"at once": false, "later": true} {
		var asked atomic.Int32
		stop := x.Serve(subject.PresenceAsk, func(q direct.Request) bool {
			asked.Add(1)
			if late {
				go q.Respond(answer)
			} else {
				q.Respond(answer)
			}
			return true
		})
		ana, _ := r.hello(t, "ana")
		if n := asked.Load(); n < 1 || n > 2 || !late && n > 1 {
			t.Errorf("%s: asked %d times", name, n)
		}
		if kind, said := ana.next(); kind != "presenceChange" || said["changes"].([]any)[0].(object)["state"] != "BUSY" {
			t.Errorf("%s: %s %v, want what ana said", name, kind, said)
		}
		_ = ana.conn.Close()
		natstest.Eventually(t, patience, "the session is over", func() bool { return r.users.sessions("ana") == nil })
		stop()
	}
}

// TestAHelloAndMoreInOnePiece: what comes with the hello is answered behind it,
// in order, and what comes later, too.
func TestAHelloAndMoreInOnePiece(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("bo", "lobby", chatv1.RoomKind_PUBLIC)
	ana := r.dial(t)
	var all []byte
	for _, f := range []object{
		{"id": 1, "hello": object{"token": tokenOf(t, "ana", time.Hour)}}, {"id": 2, "watch": object{"room": "lobby"}}, {"id": 3, "unwatch": object{"room": "lobby"}},
	} {
		all = append(all, masked(0x81, mustJSON(f))...)
	}
	half := masked(0x81, mustJSON(object{"id": 4, "watch": object{"room": "lobby"}}))
	all = append(all, half[:7]...)
	if _, err := ana.conn.UnderlyingConn().Write(all); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"welcome", "room", "ok"} {
		if got := ana.expect(want); got["re"] != i+1 {
			t.Errorf("%s %v, want the answer to %d", want, got, i+1)
		}
	}
	if _, err := ana.conn.UnderlyingConn().Write(half[7:]); err != nil {
		t.Fatal(err)
	}
	if got := ana.expect("room"); got["re"] != 4 {
		t.Errorf("room %v, want the answer to 4", got)
	}
}

// TestAHelloAfterTheEnd: where nobody greets any more the session ends, and says
// so to the client.
func TestAHelloAfterTheEnd(t *testing.T) {
	t.Parallel()
	r := start(t)
	ana := r.dial(t)
	natstest.Eventually(t, patience, "the session is there", func() bool { return len(r.sessions.list()) == 1 })
	r.Gateway.stop()
	ana.send("hello", object{"token": tokenOf(t, "ana", time.Hour)})
	if code := <-ana.closed; code != closeGoingAway {
		t.Errorf("closed with %d, want %d", code, closeGoingAway)
	}
}
