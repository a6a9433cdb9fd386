package presence

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/presence/fold"
)

// hall is what replicas and gateways speak through in a test of the loop: it
// passes on all that is said, at once.
type hall struct {
	t        *testing.T
	mu       sync.Mutex
	archive  *memory
	replicas map[string]*member
	gateways map[string]*stage
	said     []saying
	others   []other
	// pass, if set, decides how a message travels; heardRoom is told of rooms'.
	pass      func(from, to string, deliver func())
	heardRoom func(from string, m *presencev1.RoomChanges, to string)
	// down: no connection; counted up with each new one.
	down       bool
	reconnects uint64
}

// member is a replica in the hall.
type member struct {
	box  *mailbox
	stop context.CancelFunc
	mu   sync.Mutex
	seen *state
}

// saying is a message to a room or to one who asked.
type saying struct {
	from, subject string
	at            time.Time
	message       *presencev1.RoomChanges
}

// other is a message to a user, or about one.
type other struct {
	subject string
	message proto.Message
}

func newHall(t *testing.T) *hall {
	return &hall{t: t, archive: &memory{ctx: t.Context(), users: map[string]int64{}}, replicas: map[string]*member{}, gateways: map[string]*stage{}}
}

// start begins a replica; it stops with the test or by stop.
func (h *hall) start(name string) *member {
	h.t.Helper()
	cfg, err := Config{}.withDefaults()
	if err != nil {
		h.t.Fatal(err)
	}
	m := &member{box: newMailbox()}
	counters, err := newMetrics(prometheus.NewRegistry(), func() *state { return &state{} })
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(h.t.Context())
	m.stop = stop
	h.mu.Lock()
	h.replicas[name] = m
	h.mu.Unlock()
	syncs := newSyncs(func(gateway string) { go func() { m.box.synced <- h.whole(gateway) }() })
	publish := func(subject, reply string, message proto.Message) { h.publish(name, subject, reply, message) }
	go loop(ctx, newReplica(name, cfg, time.Now(), publish, h.link, syncs, h.archive, counters), m.box, m.show)
	return m
}

// memory is history's store in a test of the loop: in its own time.
type memory struct {
	ctx   context.Context
	mu    sync.Mutex
	away  bool
	users map[string]int64
	kept  []string
}

func (m *memory) pause() {
	select {
	case <-time.After(50 * time.Millisecond):
	case <-m.ctx.Done():
	}
}

func (m *memory) keep(seen []*chatv1.Seen, then func(bool)) {
	go func() {
		m.pause()
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, s := range seen {
			if !m.away {
				m.users[s.User] = max(m.users[s.User], s.TimeMs)
				m.kept = append(m.kept, s.User)
			}
		}
		then(!m.away)
	}()
}

func (m *memory) lastSeen(users []string, then func([]*chatv1.Seen)) {
	go func() {
		m.pause()
		m.mu.Lock()
		defer m.mu.Unlock()
		var seen []*chatv1.Seen
		for _, user := range users {
			if at := m.users[user]; at != 0 {
				seen = append(seen, &chatv1.Seen{User: user, TimeMs: at})
			}
		}
		then(seen)
	}()
}

func (m *member) show(s *state) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = s
}

func (m *member) state() *state {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen
}

// kill takes a replica out without a word.
func (h *hall) kill(name string) {
	h.mu.Lock()
	m := h.replicas[name]
	delete(h.replicas, name)
	h.mu.Unlock()
	m.stop()
}

func (h *hall) link() (bool, uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.down, h.reconnects
}

func (h *hall) disconnect() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = true
}

func (h *hall) reconnect() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = false
	h.reconnects++
}

func (h *hall) publish(from, to, reply string, message proto.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.replicas[from] == nil {
		return
	}
	if m, room := message.(*presencev1.RoomChanges); room {
		if h.heardRoom != nil {
			h.heardRoom(from, m, to)
			return
		}
		h.said = append(h.said, saying{from: from, subject: to, at: time.Now(), message: m})
		return
	}
	if to != subject.PresencePeers {
		h.others = append(h.others, other{subject: to, message: message})
		return
	}
	data, err := proto.Marshal(message)
	if err != nil {
		h.t.Error(err)
	}
	for name, m := range h.replicas {
		h.travel(from, name, func() { m.box.peers <- &nats.Msg{Subject: to, Reply: reply, Data: data} })
	}
}

func (h *hall) travel(from, to string, deliver func()) {
	if h.pass == nil {
		deliver()
		return
	}
	h.pass(from, to, deliver)
}

// heard is what was published since the last call.
func (h *hall) heard() []saying {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	said := h.said
	h.said = nil
	return said
}

func (h *hall) wantSilence(what string) {
	h.t.Helper()
	for _, s := range h.heard() {
		h.t.Errorf("%s: %s published %v to %s", what, s.from, s.message, s.subject)
	}
}

// stage is a gateway that the test speaks for.
type stage struct {
	hall        *hall
	id          string
	incarnation uint64
	mu          sync.Mutex
	number      uint64
	sessions    map[string]*presencev1.Session
	refuses     bool
	silent      bool
}

// gateway begins a gateway that beats each second.
func (h *hall) gateway(id string) *stage {
	g := &stage{hall: h, id: id, incarnation: 1, sessions: map[string]*presencev1.Session{}}
	h.mu.Lock()
	h.gateways[id] = g
	h.mu.Unlock()
	go func() {
		for h.t.Context().Err() == nil {
			g.mu.Lock()
			if !g.silent {
				g.send()
			}
			g.mu.Unlock()
			select {
			case <-time.After(time.Second):
			case <-h.t.Context().Done():
			}
		}
	}()
	return g
}

func (g *stage) opens(id, user string, rooms ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &presencev1.Session{Session: id, User: user, State: clientv1.PresenceState_ONLINE, Rooms: rooms}
	g.sessions[id] = s
	g.number++
	g.send(&presencev1.Change{Change: &presencev1.Change_Session{Session: s}})
}

func (g *stage) ends(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sessions, id)
	g.number++
	g.send(&presencev1.Change{Change: &presencev1.Change_Ended{Ended: id}})
}

func (g *stage) send(changes ...*presencev1.Change) {
	data, err := proto.Marshal(&presencev1.FromGateway{Gateway: g.id, Incarnation: g.incarnation, Number: g.number, Changes: changes})
	if err != nil {
		g.hall.t.Error(err)
	}
	g.hall.mu.Lock()
	defer g.hall.mu.Unlock()
	for name, m := range g.hall.replicas {
		if !g.hall.down {
			g.hall.travel(g.id, name, func() { m.box.gateways <- &nats.Msg{Subject: subject.PresenceIn(g.id), Data: data} })
		}
	}
}

// whole asks a gateway, for a tenth of a second of the test's own time.
func (h *hall) whole(gateway string) synced {
	time.Sleep(100 * time.Millisecond)
	h.mu.Lock()
	g := h.gateways[gateway]
	h.mu.Unlock()
	if g == nil {
		return synced{gateway: gateway, err: errors.New("no")}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refuses {
		return synced{gateway: gateway, err: errors.New("no")}
	}
	w := fold.Whole{Incarnation: g.incarnation, Number: g.number}
	for _, id := range slices.Sorted(maps.Keys(g.sessions)) {
		w.Sessions = append(w.Sessions, proto.CloneOf(g.sessions[id]))
	}
	return synced{gateway: gateway, whole: w}
}

// users says who is told to be here, or not, as "ana+ ben-".
func users(m *presencev1.RoomChanges) string {
	var all []string
	for _, c := range m.GetChanges() {
		sign := "+"
		if c.State == clientv1.PresenceState_OFFLINE {
			sign = "-"
		}
		all = append(all, fmt.Sprint(c.User, sign))
	}
	return strings.Join(all, " ")
}
