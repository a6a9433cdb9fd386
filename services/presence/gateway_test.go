package presence

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// serve runs a service on a real NATS, with presence's own rights, until the
// test ends or stop is called.
func serve(t testing.TB, server *natstest.Server) (s *Service, stop func()) {
	t.Helper()
	s, err := New(Config{}, server.Connect(t, natsx.Presence), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run does not end")
		}
	})
	t.Cleanup(stop)
	return s, stop
}

// ready says whether all checks pass.
func (s *Service) ready() bool {
	for _, c := range s.Checks() {
		if c.Ready() != nil {
			return false
		}
	}
	return true
}

func waitReady(t testing.TB, services ...*Service) {
	t.Helper()
	for _, s := range services {
		natstest.Eventually(t, 10*time.Second, "presence is ready", s.ready)
	}
}

// natsGateway speaks presence as a gateway does, with a gateway's rights.
type natsGateway struct {
	t  testing.TB
	nc *nats.Conn
	id string

	mu       sync.Mutex
	number   uint64
	sessions map[string]*presencev1.Session
	// between is called after each chunk of a whole, with how many there were.
	between func(chunks int)
	chunks  int
}

// newNATSGateway beats each second until the test ends.
func newNATSGateway(t testing.TB, server *natstest.Server, id string) *natsGateway {
	t.Helper()
	g := &natsGateway{t: t, nc: server.Connect(t, natsx.Gateway), id: id, sessions: map[string]*presencev1.Session{}}
	if _, err := g.nc.Subscribe(subject.PresenceSync(id), g.answer); err != nil {
		t.Fatal(err)
	}
	beats := time.NewTicker(time.Second)
	t.Cleanup(beats.Stop)
	go func() {
		for t.Context().Err() == nil {
			g.mu.Lock()
			g.send()
			g.mu.Unlock()
			select {
			case <-beats.C:
			case <-t.Context().Done():
			}
		}
	}()
	return g
}

func (g *natsGateway) send(changes ...*presencev1.Change) {
	data, err := proto.Marshal(&presencev1.FromGateway{Gateway: g.id, Incarnation: 1, Number: g.number, Changes: changes})
	if err == nil {
		err = g.nc.Publish(subject.PresenceIn(g.id), data)
	}
	if err != nil && g.t.Context().Err() == nil {
		g.t.Error(err)
	}
}

func (g *natsGateway) opens(id, user string, state clientv1.PresenceState, rooms ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &presencev1.Session{Session: id, User: user, State: state, Rooms: rooms}
	g.sessions[id] = s
	g.number++
	g.send(&presencev1.Change{Change: &presencev1.Change_Session{Session: s}})
}

func (g *natsGateway) ends(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sessions, id)
	g.number++
	g.send(&presencev1.Change{Change: &presencev1.Change_Ended{Ended: id}})
}

const chunk = 10

// answer is a chunk of the whole: sessions in the order of their ids.
func (g *natsGateway) answer(m *nats.Msg) {
	req := &presencev1.SyncRequest{}
	if err := proto.Unmarshal(m.Data, req); err != nil {
		g.t.Error(err)
	}
	g.mu.Lock()
	ids := slices.Sorted(maps.Keys(g.sessions))
	reply := &presencev1.SyncReply{Incarnation: 1, Number: g.number}
	from := min(int(req.GetCursor()), len(ids))
	to := min(from+chunk, len(ids))
	for _, id := range ids[from:to] {
		reply.Sessions = append(reply.Sessions, g.sessions[id])
	}
	if to < len(ids) {
		reply.Cursor = uint64(to)
	}
	g.chunks++
	data, err := proto.Marshal(reply)
	between, chunks := g.between, g.chunks
	g.mu.Unlock()
	if err == nil {
		err = m.Respond(data)
	}
	if err != nil {
		g.t.Error(err)
	}
	if between != nil {
		between(chunks)
	}
}

// ask asks for a room as a gateway does.
func (g *natsGateway) ask(room string) *presencev1.RoomChanges {
	g.t.Helper()
	data, err := proto.Marshal(&presencev1.PresenceAsk{Room: room})
	if err != nil {
		g.t.Fatal(err)
	}
	m, err := g.nc.Request(subject.PresenceAsk, data, 5*time.Second)
	if err != nil {
		g.t.Fatalf("ask for %s: %v", room, err)
	}
	reply := &presencev1.RoomChanges{}
	if err := proto.Unmarshal(m.Data, reply); err != nil {
		g.t.Fatal(err)
	}
	return reply
}

// follow hears a room as a gateway does.
func (g *natsGateway) follow(room string) <-chan *presencev1.RoomChanges {
	g.t.Helper()
	heard := make(chan *presencev1.RoomChanges, 1024)
	_, err := g.nc.Subscribe(subject.PresenceOut(room), func(m *nats.Msg) {
		c := &presencev1.RoomChanges{}
		if err := proto.Unmarshal(m.Data, c); err != nil {
			g.t.Error(err)
		}
		heard <- c
	})
	if err == nil {
		err = g.nc.Flush()
	}
	if err != nil {
		g.t.Fatal(err)
	}
	return heard
}

func next(t testing.TB, heard <-chan *presencev1.RoomChanges) *presencev1.RoomChanges {
	t.Helper()
	select {
	case m := <-heard:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was published")
		return nil
	}
}
