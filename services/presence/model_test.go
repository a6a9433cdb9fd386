package presence

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/presence/fold"
)

var histories = flag.Int("histories", 40, "how many random histories TestEverybodyComesToTheTruth tries")

const (
	// latest is how late a message may be; it is quiet once the last one came.
	latest = 4 * time.Second
	// settles is how long after that everybody knows the truth: the lease and the
	// grace of a gateway that crashed last, and the looks that notice their end.
	settles = 15*time.Second + 2*window
)

var (
	modelUsers = []string{"ana", "ben", "cem", "dee", "eva", "fay"}
	modelRooms = []string{"red", "green", "blue"}
)

// model is replicas, and gateways with clients in rooms, between which messages
// get lost, doubled and late, and which crash and are cut off.
type model struct {
	t    *testing.T
	hall *hall

	mu       sync.Mutex
	rand     *rand.Rand
	calm     bool
	cut      map[string]bool // who is cut off from everybody
	gateways []*stage
	replicas []string
	views    map[string]map[string]*viewer // by gateway and room
	made     int
	statuses int64
}

// viewer is a gateway's view of one room, by what presence.proto says of
// RoomChanges. There is one while a session of the gateway is in the room:
// nobody else is told of it.
type viewer struct {
	whole  bool
	owner  string
	number uint64
	online uint32
	here   map[string]fold.Presence
}

func TestEverybodyComesToTheTruth(t *testing.T) {
	for seed := range *histories {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newModel(t, uint64(seed)).run() })
		})
	}
}

func newModel(t *testing.T, seed uint64) *model {
	m := &model{t: t, hall: newHall(t), rand: rand.New(rand.NewPCG(seed, 7)), cut: map[string]bool{}, views: map[string]map[string]*viewer{}}
	m.hall.pass, m.hall.heardRoom = m.pass, m.heardRoom
	for range 3 {
		m.start()
	}
	m.begin()
	m.begin()
	go m.tend()
	return m
}

func (m *model) chance(of int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.calm && m.rand.IntN(of) == 0
}

func (m *model) n(of int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rand.IntN(of)
}

func (m *model) reach(a, b string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.cut[a] && !m.cut[b]
}

// pass is how a message travels between a gateway and replicas.
func (m *model) pass(from, to string, deliver func()) {
	switch {
	case from != to && !m.reach(from, to):
	case from == to:
		deliver()
	case m.chance(25):
	case m.chance(25):
		deliver()
		deliver()
	case m.chance(25):
		late := time.Duration(m.n(int(latest)))
		go func() {
			time.Sleep(late)
			deliver()
		}()
	default:
		deliver()
	}
}

// heardRoom is how a message reaches the gateways with somebody in the room, or
// the one that asked. A lost one is noticed, as NATS does, but by chance late.
func (m *model) heardRoom(from string, c *presencev1.RoomChanges, to string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, gateway := range slices.Sorted(maps.Keys(m.views)) {
		v := m.views[gateway][c.GetRoom()]
		switch {
		case v == nil || m.cut[from] || m.cut[gateway]:
		case to != gateway && to != subject.PresenceOut(c.GetRoom()):
		case !m.calm && m.rand.IntN(10) == 0:
			v.whole = false
		default:
			v.take(c)
		}
	}
}

// sit begins and ends views as sessions enter rooms and leave them.
func (m *model) sit(g *stage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	views := m.views[g.id]
	for _, room := range modelRooms {
		in := false
		for _, s := range g.sessions {
			in = in || slices.Contains(s.Rooms, room)
		}
		switch {
		case !in:
			delete(views, room)
		case views[room] == nil:
			views[room] = &viewer{}
		}
	}
}

func (v *viewer) take(c *presencev1.RoomChanges) {
	known := v.whole && c.GetOwner() == v.owner
	switch {
	case known && c.GetNumber() <= v.number:
		return
	case c.GetWhole():
		v.here = map[string]fold.Presence{}
	case !known || c.GetNumber() != v.number+1:
		v.whole = false
		return
	}
	for _, u := range c.GetChanges() {
		if u.GetState() == clientv1.PresenceState_OFFLINE {
			delete(v.here, u.GetUser())
		} else {
			v.here[u.GetUser()] = fold.Presence{State: u.GetState(), Text: u.GetText()}
		}
	}
	v.whole, v.owner, v.number, v.online = true, c.GetOwner(), c.GetNumber(), c.GetOnline()
}

// tend has gateways ask any replica for what they missed.
func (m *model) tend() {
	for {
		select {
		case <-m.t.Context().Done():
			return
		case <-time.After(time.Second):
		}
		type missing struct{ gateway, room string }
		var all []missing
		m.mu.Lock()
		for _, gateway := range slices.Sorted(maps.Keys(m.views)) {
			for _, room := range modelRooms {
				if v := m.views[gateway][room]; v != nil && !v.whole {
					all = append(all, missing{gateway, room})
				}
			}
		}
		m.mu.Unlock()
		for _, q := range all {
			m.mu.Lock()
			name := m.replicas[m.rand.IntN(len(m.replicas))]
			m.mu.Unlock()
			m.hall.mu.Lock()
			replica := m.hall.replicas[name]
			m.hall.mu.Unlock()
			if replica != nil && m.reach(name, q.gateway) {
				replica.box.questions <- ask(q.room, q.gateway)
			}
		}
	}
}

func (m *model) run() {
	for range 60 + m.n(200) {
		m.do()
		time.Sleep(time.Duration(m.n(500)) * time.Millisecond)
	}
	m.mu.Lock()
	m.calm = true
	for who := range m.cut {
		m.back(who)
	}
	m.mu.Unlock()
	time.Sleep(latest + settles)
	synctest.Wait()
	m.compare()
}

// do is one random happening.
func (m *model) do() {
	g := m.gateways[m.n(len(m.gateways))]
	switch n := m.n(100); {
	case n < 3:
		m.crash(g)
	case n < 5:
		m.restart(m.n(len(m.replicas)))
	case n < 8:
		m.cutOff(append(slices.Clone(m.replicas), g.id)[m.n(len(m.replicas)+1)])
	case n < 45:
		m.made++
		g.tell(&presencev1.Session{
			Session: fmt.Sprint("s", m.made), User: modelUsers[m.n(len(modelUsers))],
			State: clientv1.PresenceState(1 + m.n(4)), Rooms: m.someRooms(),
		})
		m.sit(g)
	default:
		m.change(g)
		m.sit(g)
	}
}

func (m *model) begin() {
	m.made++
	g := m.hall.gateway(fmt.Sprint("g", m.made))
	m.gateways = append(m.gateways, g)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.views[g.id] = map[string]*viewer{}
}

// crash ends a gateway without a word; another begins.
func (m *model) crash(g *stage) {
	g.mu.Lock()
	g.silent, g.refuses, g.sessions = true, true, nil
	g.mu.Unlock()
	m.gateways = slices.DeleteFunc(m.gateways, func(o *stage) bool { return o == g })
	m.mu.Lock()
	delete(m.views, g.id)
	m.mu.Unlock()
	m.begin()
}

// start begins a replica, which has a name of its own in each of its lives.
func (m *model) start() {
	m.made++
	name := fmt.Sprint("p", m.made)
	m.hall.start(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.replicas = append(m.replicas, name)
}

func (m *model) restart(which int) {
	m.mu.Lock()
	name := m.replicas[which]
	m.replicas = slices.Delete(m.replicas, which, which+1)
	m.mu.Unlock()
	m.hall.kill(name)
	time.Sleep(time.Duration(m.n(4000)) * time.Millisecond)
	m.start()
}

// cutOff takes one out of everybody's reach for some seconds. A replica does not
// notice, as where the way between two servers of NATS is broken; a gateway has
// lost its connection.
func (m *model) cutOff(who string) {
	m.mu.Lock()
	m.cut[who] = true
	m.mu.Unlock()
	long := time.Duration(m.n(9000)) * time.Millisecond
	go func() {
		time.Sleep(long)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.back(who)
	}()
}

// back ends a cut. A gateway that is connected again doubts all. The model is
// locked.
func (m *model) back(who string) {
	delete(m.cut, who)
	for _, v := range m.views[who] {
		v.whole = false
	}
}

func (m *model) someRooms() []string {
	return slices.DeleteFunc(slices.Clone(modelRooms), func(string) bool { return m.n(2) == 0 })
}

func (m *model) change(g *stage) {
	g.mu.Lock()
	ids := slices.Sorted(maps.Keys(g.sessions))
	g.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	id := ids[m.n(len(ids))]
	g.mu.Lock()
	old := g.sessions[id]
	s := &presencev1.Session{Session: id, User: old.User, State: old.State, Text: old.Text, StatusMs: old.StatusMs, Rooms: old.Rooms}
	g.mu.Unlock()
	switch m.n(4) {
	case 0, 1:
		g.ends(id)
		return
	case 2:
		m.statuses++
		s.State, s.StatusMs, s.Text = clientv1.PresenceState(1+m.n(4)), m.statuses, fmt.Sprint("text ", m.n(3))
	default:
		s.Rooms = m.someRooms()
	}
	g.tell(s)
}

// tell says how a session is now.
func (g *stage) tell(s *presencev1.Session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sessions[s.Session] = s
	g.number++
	g.send(&presencev1.Change{Change: &presencev1.Change_Session{Session: s}})
}

// truth is who is to be seen in a room, by the sessions that there are.
func (m *model) truth(room string) map[string]fold.Presence {
	rank := map[clientv1.PresenceState]int{
		clientv1.PresenceState_ONLINE: 3, clientv1.PresenceState_BUSY: 2, clientv1.PresenceState_AWAY: 1,
	}
	best, in := map[string]*presencev1.Session{}, map[string]bool{}
	for _, g := range m.gateways {
		for _, s := range g.sessions {
			b := best[s.User]
			in[s.User] = in[s.User] || slices.Contains(s.Rooms, room)
			if b == nil || s.StatusMs > b.StatusMs || s.StatusMs == b.StatusMs && rank[s.State] > rank[b.State] {
				best[s.User] = s
			}
		}
	}
	here := map[string]fold.Presence{}
	for user, s := range best {
		if in[user] && rank[s.State] > 0 {
			here[user] = fold.Presence{State: s.State, Text: s.Text}
		}
	}
	return here
}

func (m *model) compare() {
	for _, room := range modelRooms {
		want := m.truth(room)
		for name, replica := range m.hall.replicas {
			var got map[string]fold.Presence
			seen := make(chan struct{})
			replica.box.views <- func(r *replicaState) { got = maps.Collect(r.fold.Here(room)); close(seen) }
			<-seen
			if !maps.Equal(got, want) {
				m.t.Errorf("%s: replica %s sees %v, want %v", room, name, got, want)
			}
		}
		for gateway, views := range m.views {
			if v := views[room]; v != nil && (!v.whole || int(v.online) != len(want) || !maps.Equal(v.here, want)) {
				m.t.Errorf("%s: a client of %s sees %v (%d, whole %v, of %s/%d), want %v", room, gateway, v.here, v.online, v.whole, v.owner, v.number, want)
			}
		}
	}
}

type replicaState = replica
