package presence

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/micro"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/protobuf/proto"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

const (
	online    = clientv1.PresenceState_ONLINE
	busy      = clientv1.PresenceState_BUSY
	invisible = clientv1.PresenceState_INVISIBLE
)

func TestFromGatewayToRoom(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s, _ := serve(t, server)
	g := newNATSGateway(t, server, "gw 1")
	heard := g.follow("red")
	g.opens("1", "ana@x.org", online, "red")
	first := next(t, heard)
	if !first.Whole || first.Number != 1 || users(first) != "ana@x.org+" || first.Online != 1 {
		t.Fatalf("heard %v, want ana", first)
	}
	g.opens("2", "ben", busy, "red", "blue")
	if m := next(t, heard); m.Number != 2 || users(m) != "ben+" || m.Online != 2 || m.Owner != first.Owner {
		t.Fatalf("heard %v, want ben", m)
	}
	if m := g.ask("red"); !m.Whole || m.Number != 2 || users(m) != "ana@x.org+ ben+" {
		t.Fatalf("asked, and heard %v", m)
	}
	if m := g.ask("nowhere"); !m.Whole || m.Online != 0 || len(m.Changes) != 0 {
		t.Fatalf("asked for an empty room, and heard %v", m)
	}
	g.ends("2")
	ended := time.Now()
	for m := next(t, heard); ; m = next(t, heard) {
		if m.Number == 3 {
			if took := time.Since(ended); users(m) != "ben-" || took < time.Second {
				t.Fatalf("heard %v after %v", m, took)
			}
			break
		}
	}
	if !s.ready() {
		t.Error("not ready")
	}
}

func TestSyncInChunksWhileDeltasGoOn(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	g := newNATSGateway(t, server, "g")
	for i := range 95 {
		g.opens(fmt.Sprintf("s%03d", i), fmt.Sprintf("user%03d", i), online, "red")
	}
	g.between = func(chunks int) {
		g.opens(fmt.Sprintf("t%03d", chunks), fmt.Sprintf("new%03d", chunks), online, "red")
		g.ends(fmt.Sprintf("s%03d", 90-chunks))
	}
	s, _ := serve(t, server)
	waitReady(t, s)
	g.mu.Lock()
	g.between = nil
	want, chunks := len(g.sessions), g.chunks
	g.mu.Unlock()
	if chunks < 9 {
		t.Fatalf("%d chunks; the test tests nothing", chunks)
	}
	natstest.Eventually(t, 5*time.Second, "presence counts what the gateway has", func() bool { return int(g.ask("red").Online) == want })
}

func TestBrokerRestart(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s, _ := serve(t, server)
	g := newNATSGateway(t, server, "g")
	heard := g.follow("red")
	g.opens("1", "ana", online, "red")
	owner := next(t, heard).Owner
	server.Stop()
	natstest.Eventually(t, 10*time.Second, "not ready without NATS", func() bool { return !s.ready() })
	g.mu.Lock()
	g.number++ // a delta that nobody ever heard
	g.sessions["2"] = sessionOf("2", "ben", "red")
	g.mu.Unlock()
	server.Restart(t)
	waitReady(t, s)
	natstest.Eventually(t, 10*time.Second, "both are here", func() bool { return users(g.ask("red")) == "ana+ ben+" })
	for m := next(t, heard); m.Owner == owner; m = next(t, heard) {
	}
}

func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	a, stopA := serve(t, server)
	b, _ := serve(t, server)
	waitReady(t, a, b)
	g := newNATSGateway(t, server, "g")
	const rooms = 20
	for i := range rooms {
		g.opens(fmt.Sprint(i), fmt.Sprint("user", i), online, fmt.Sprint("room", i))
	}
	natstest.Eventually(t, 10*time.Second, "both own rooms", func() bool {
		sa, sb := a.state.Load(), b.state.Load()
		return sa.owned+sb.owned == rooms && sa.owned > 0 && sb.owned > 0
	})
	for i := range rooms {
		if m := g.ask(fmt.Sprint("room", i)); users(m) != fmt.Sprintf("user%d+", i) || m.Number != 1 {
			t.Errorf("asked for room%d, and heard %v", i, m)
		}
	}
	stopA()
	natstest.Eventually(t, 2*time.Second, "b owns all", func() bool { return b.state.Load().owned == rooms })
	for i := range rooms {
		if m := g.ask(fmt.Sprint("room", i)); users(m) != fmt.Sprintf("user%d+", i) {
			t.Errorf("asked for room%d, and heard %v", i, m)
		}
	}
	if a.ready() {
		t.Error("a is ready although it has ended")
	}
}

func TestNATSToolsSeeIt(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s, _ := serve(t, server)
	waitReady(t, s)
	m, err := server.Connect(t, natsx.Tool).Request("$SRV.INFO.natter-presence", nil, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var info micro.Info
	if err := json.Unmarshal(m.Data, &info); err != nil {
		t.Fatal(err)
	}
	if len(info.Endpoints) != 1 || info.Endpoints[0].Subject != subject.PresenceAsk || info.Metadata["replica"] != s.name {
		t.Errorf("info %+v", info)
	}
}

func TestNonsenseIsIgnored(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s, _ := serve(t, server)
	waitReady(t, s)
	nc := server.Connect(t, natsx.Operator)
	for _, to := range []string{subject.PresenceIn("g"), subject.PresencePeers, "presence.in.=zz"} {
		if err := nc.Publish(to, []byte("\xff\xff")); err != nil {
			t.Fatal(err)
		}
	}
	m, err := server.Connect(t, natsx.Gateway).Request(subject.PresenceAsk, nil, 5*time.Second)
	if err != nil || !strings.Contains(m.Header.Get(micro.ErrorHeader), "names a room") {
		t.Errorf("an ask without a room: %v, %v", m, err)
	}
	natstest.Eventually(t, 5*time.Second, "all is counted", func() bool { return testutil.ToFloat64(s.metrics.malformed) == 4 })
}

func TestBadConfigIsNamed(t *testing.T) {
	_, err := New(Config{EndedGrace: -1}, nil, slog.Default(), prometheus.NewRegistry())
	if err == nil || !strings.Contains(err.Error(), "NATTER_PRESENCE_ENDED_GRACE") {
		t.Errorf("error %v", err)
	}
	reg := prometheus.NewRegistry()
	if _, err := New(Config{}, nil, slog.Default(), reg); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{}, nil, slog.Default(), reg); err == nil {
		t.Error("metrics were registered twice")
	}
}

// TestAnswersGoToInboxesOnly: who asks cannot make presence speak to a room.
func TestAnswersGoToInboxesOnly(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s, _ := serve(t, server)
	waitReady(t, s)
	g := newNATSGateway(t, server, "g")
	heard := g.follow("red")
	ask, err := proto.Marshal(&presencev1.PresenceAsk{Room: "blue"})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.nc.PublishRequest(subject.PresenceAsk, subject.PresenceOut("red"), ask); err != nil {
		t.Fatal(err)
	}
	g.ask("blue") // is answered after the other would have been
	if err := g.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	select {
	case m := <-heard:
		t.Errorf("presence answered to a room: %v", m)
	default:
	}
}
