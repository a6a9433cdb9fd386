package fold

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

var rounds = flag.Int("rounds", 1000, "how many random histories TestFoldComesToTheTruth tries")

// trial is a fold in a world whose messages get lost, doubled and late, and a
// client that follows what is published.
type trial struct {
	t       *testing.T
	rand    *rand.Rand
	now     time.Time
	world   *world
	quiet   bool
	fold    *Fold
	batches *Batches
	lives   int
	// owning: the replica knows everybody and publishes.
	owning  bool
	born    time.Time
	syncing map[string]*syncing
	// told is what was published, client what a lossy client made of it.
	told, client map[string]*roomState
	toldAt       map[string]time.Time
	// asking are the rooms of which the client wants the whole.
	asking map[string]bool
}

// syncing is a whole of which a chunk is had.
type syncing struct {
	gateway *gateway
	whole   Whole
	cursor  string
}

func TestFoldComesToTheTruth(t *testing.T) {
	n := *rounds
	if testing.Short() {
		n /= 10
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			newTrial(t, uint64(seed)).run()
		})
	}
}

func newTrial(t *testing.T, seed uint64) *trial {
	r := rand.New(rand.NewPCG(seed, 1))
	tr := &trial{t: t, rand: r, now: time.UnixMilli(1e12), world: &world{rand: r}, client: map[string]*roomState{}, asking: map[string]bool{}}
	tr.world.start("a", 1)
	tr.world.start("b", 1)
	tr.restart()
	return tr
}

func (tr *trial) run() {
	for range 40 + tr.rand.IntN(200) {
		for range tr.rand.IntN(4) {
			tr.world.do()
		}
		if tr.rand.IntN(150) == 0 {
			tr.restart()
		}
		tr.tick()
	}
	tr.quiet = true
	for _, g := range tr.world.gateways {
		g.paused = false
	}
	for range 18 * time.Second / tick {
		tr.tick()
	}
	tr.compare()
}

// restart loses the replica and all it knew.
func (tr *trial) restart() {
	tr.lives++
	tr.batches = NewBatches(fmt.Sprint("r", tr.lives))
	tr.batches.limit = 4
	tr.fold = New(Config{Lease: 5 * time.Second, Grace: 10 * time.Second, Ended: 2 * time.Second}, func(room, user string, before Presence) {
		if tr.owning {
			tr.batches.Touch(room, user, before)
		}
	})
	tr.owning, tr.born = false, tr.now
	tr.syncing = map[string]*syncing{}
	tr.told, tr.toldAt = map[string]*roomState{}, map[string]time.Time{}
}

// tick is 250 ms of life.
func (tr *trial) tick() {
	tr.now = tr.now.Add(tick)
	for _, g := range tr.world.gateways {
		if tr.now.UnixMilli()%1000 == 0 {
			g.beat()
		}
		if !g.paused {
			tr.deliver(g)
		}
		tr.answer()
	}
	for _, g := range tr.world.dead {
		if tr.chance(8) {
			tr.deliver(g)
		}
	}
	tr.sync()
	tr.fold.Advance(tr.now)
	if !tr.owning && tr.now.Sub(tr.born) > 1250*time.Millisecond && len(tr.fold.Unsynced()) == 0 {
		tr.owning = true
		tr.batches.Own(tr.fold, func(string) bool { return true })
	}
	for _, m := range tr.batches.Flush(tr.now, tr.fold) {
		tr.publish(m)
	}
}

func (tr *trial) chance(of int) bool { return !tr.quiet && tr.rand.IntN(of) == 0 }

// deliver hands over what a gateway said: mostly.
func (tr *trial) deliver(g *gateway) {
	said := g.said
	g.said = nil
	for i, m := range said {
		switch {
		case tr.chance(20):
		case tr.chance(20):
			g.said = append(g.said, said[i:]...)
			return
		case tr.chance(20) && i+1 < len(said):
			said[i], said[i+1] = said[i+1], said[i]
			tr.fold.Hear(tr.now, said[i])
		case tr.chance(20):
			tr.fold.Hear(tr.now, m)
			g.said = append(g.said, m)
		default:
			tr.fold.Hear(tr.now, m)
		}
	}
}

// sync asks for a chunk of what the fold wants; some answers are lost.
func (tr *trial) sync() {
	for _, id := range tr.fold.Unsynced() {
		s := tr.syncing[id]
		if s == nil || s.gateway.crashed {
			g := tr.find(id)
			if g == nil || g.paused || tr.chance(3) {
				delete(tr.syncing, id)
				continue
			}
			s = &syncing{gateway: g, whole: Whole{Incarnation: g.incarnation, Number: g.number}}
			tr.syncing[id] = s
		}
		chunk := s.gateway.after(s.cursor, 5)
		s.whole.Sessions = append(s.whole.Sessions, chunk...)
		if len(chunk) == 5 {
			s.cursor = chunk[4].Session
			continue
		}
		tr.fold.Synced(tr.now, id, s.whole)
		delete(tr.syncing, id)
	}
}

func (tr *trial) find(id string) *gateway {
	i := slices.IndexFunc(tr.world.gateways, func(g *gateway) bool { return g.id == id })
	if i < 0 {
		return nil
	}
	return tr.world.gateways[i]
}

// publish holds a message against what was published before, and lets the
// client have it, if it is not lost.
func (tr *trial) publish(m *presencev1.RoomChanges) {
	told := tr.told[m.Room]
	if told == nil {
		told = &roomState{}
		tr.told[m.Room] = told
	}
	repeated := told.owner == m.Owner && told.number == m.Number
	if !repeated {
		tr.checkNet(told, m)
	}
	if c := tr.client[m.Room]; repeated || c == nil || !tr.chance(5) {
		tr.receive(m)
	}
}

func (tr *trial) checkNet(told *roomState, m *presencev1.RoomChanges) {
	if last := tr.toldAt[m.Room]; tr.now.Sub(last) < tick {
		tr.t.Fatalf("%s: two messages within %v", m.Room, tr.now.Sub(last))
	}
	tr.toldAt[m.Room] = tr.now
	before := *told
	before.here = maps.Clone(told.here)
	if !told.follow(m) {
		tr.t.Fatalf("%s: message %v does not follow %s/%d", m.Room, m, before.owner, before.number)
	}
	if !m.Whole && before.online == m.Online && len(m.Changes) == 0 {
		tr.t.Fatalf("%s: a message that changes nothing: %v", m.Room, m)
	}
	for _, c := range m.Changes {
		if !m.Whole && before.here[c.User] == presenceOf(c) {
			tr.t.Fatalf("%s: %s was told to be %v already: %v", m.Room, c.User, presenceOf(c), m)
		}
	}
	if online := int(m.Online); online <= 4 && len(told.here) != online || online > 4 && len(m.Changes) > 0 {
		tr.t.Fatalf("%s: %d online, but told %v", m.Room, online, told.here)
	}
}

// receive is what a gateway does with a message.
func (tr *trial) receive(m *presencev1.RoomChanges) {
	c := tr.client[m.Room]
	if c == nil {
		c = &roomState{}
		tr.client[m.Room] = c
	}
	if !c.follow(m) || tr.chance(10) {
		tr.asking[m.Room] = true
	}
}

// answer gives the client the wholes that it asked for, in the middle of what
// changes.
func (tr *trial) answer() {
	for room := range tr.asking {
		if !tr.owning {
			return
		}
		delete(tr.asking, room)
		c, told := tr.client[room], tr.told[room]
		c.adopt(tr.batches.Whole(tr.fold, room))
		if told == nil || told.owner != c.owner || told.number != c.number {
			continue
		}
		if c.online != told.online || c.online <= 4 && !maps.Equal(c.here, told.here) {
			tr.t.Fatalf("%s/%d: told %v (%d), answered %v (%d)", room, c.number, told.here, told.online, c.here, c.online)
		}
	}
}

func (tr *trial) compare() {
	if len(tr.fold.Unsynced()) > 0 {
		tr.t.Fatalf("still unsynced: %v", tr.fold.Unsynced())
	}
	for _, room := range worldRooms {
		want, any := tr.world.here(room)
		if got := maps.Collect(tr.fold.Here(room)); !maps.Equal(got, want) {
			tr.t.Errorf("%s: fold says %v, want %v", room, got, want)
		}
		if got := tr.fold.Online(room); got != len(want) {
			tr.t.Errorf("%s: fold counts %d, want %d", room, got, len(want))
		}
		if tr.fold.Has(room) != any {
			tr.t.Errorf("%s: fold has a session in it: %v, want %v", room, !any, any)
		}
		if c := tr.client[room]; any && c != nil && (int(c.online) != len(want) || len(want) <= 4 && !maps.Equal(c.here, want)) {
			tr.t.Errorf("%s: client says %v (%d), want %v", room, c.here, c.online, want)
		}
	}
	sessions := 0
	for _, g := range tr.world.gateways {
		sessions += len(g.sessions)
	}
	if size := tr.fold.Size(); size.Sessions != sessions || size.Gateways != len(tr.world.gateways) {
		tr.t.Errorf("fold holds %+v, want %d sessions of %d gateways", size, sessions, len(tr.world.gateways))
	}
}
