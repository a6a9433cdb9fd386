package gateway

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
)

// TestBadNetwork: messages of NATS come lost, doubled, late and out of order,
// people come back elsewhere, are removed and come in again. Every session sees
// each event once, in order, nothing after its removal, and in the end
// everything.
func TestBadNetwork(t *testing.T) {
	t.Parallel()
	for range 4 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			n := newBadNetwork(t, seed)
			for range 150 {
				n.step()
			}
			n.quiet()
		})
	}
}

const badRooms, badSessions, badUsers = 4, 9, 4

// badNetwork is two gateways, and what is between them and the owners.
type badNetwork struct {
	t        *testing.T
	gateways []*rig
	town     *gatewaytest.Town
	random   *rand.Rand // of the steps
	members  map[string]map[string]bool
	guests   []*traveller
	posts    int

	mu    sync.Mutex
	chaos *rand.Rand
	late  []*chatv1.RoomEvents
}

func newBadNetwork(t *testing.T, seed uint64) *badNetwork {
	one := start(t)
	n := &badNetwork{
		t: t, gateways: []*rig{one, startWith(t, one.nats, one.town)}, town: one.town, members: map[string]map[string]bool{},
		random: rand.New(rand.NewPCG(seed, 1)), chaos: rand.New(rand.NewPCG(seed, 2)),
	}
	for i := range badRooms {
		room := fmt.Sprint("room-", i)
		n.members[room] = map[string]bool{}
		var users []string
		for u := range badUsers {
			users = append(users, fmt.Sprint("user-", u))
			n.members[room][users[u]] = true
		}
		n.town.Create("owner", room, chatv1.RoomKind_PRIVATE, users...)
	}
	for i := range badSessions {
		g := &traveller{t: t, user: fmt.Sprint("user-", i%badUsers), last: map[string]uint32{}, replayed: map[string]uint32{}, out: map[string]bool{}}
		n.guests = append(n.guests, g)
		g.come(n.gateways[i%2])
	}
	n.town.Set(gatewaytest.Faults{
		Events:  func(m *chatv1.RoomEvents) []*chatv1.RoomEvents { return bad(n, m, n.keep) },
		Heads:   func(m *chatv1.Heads) []*chatv1.Heads { return bad(n, m, nil) },
		Notices: func(m *chatv1.Notice) []*chatv1.Notice { return bad(n, m, nil) },
	})
	return n
}

// bad is what comes of one message: nothing, one or two of it, or it is kept to
// come late.
func bad[M proto.Message](n *badNetwork, m M, keep func(M)) []M {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch p := n.chaos.Float64(); {
	case p < 0.25:
		return nil
	case p < 0.4:
		return []M{m, m}
	case p < 0.6 && keep != nil:
		keep(m)
		return nil
	}
	return []M{m}
}

func (n *badNetwork) keep(m *chatv1.RoomEvents) { n.late = append(n.late, m) }

// step is one thing that happens.
func (n *badNetwork) step() {
	room, user := fmt.Sprint("room-", n.random.IntN(badRooms)), fmt.Sprint("user-", n.random.IntN(badUsers))
	switch p := n.random.IntN(20); {
	case p < 12:
		n.posts++
		n.town.Post("owner", room, msgID(n.posts), "x")
	case p < 15:
		n.mu.Lock()
		late := n.late
		n.late = nil
		n.chaos.Shuffle(len(late), func(i, j int) { late[i], late[j] = late[j], late[i] })
		n.mu.Unlock()
		for _, m := range late {
			n.town.Release(m)
		}
	case p < 17 && n.members[room][user]:
		n.members[room][user] = false
		n.town.Do("owner", room, kick(user))
	case p < 17:
		n.members[room][user] = true
		n.town.Do("owner", room, &chatv1.Command{Change: &chatv1.Command_Invite{Invite: &chatv1.Invite{User: user}}})
	default:
		g := n.guests[n.random.IntN(len(n.guests))]
		g.leave()
		g.come(n.gateways[n.random.IntN(len(n.gateways))])
	}
}

// quiet ends all that is bad, and waits until everybody has everything.
func (n *badNetwork) quiet() {
	n.town.Set(gatewaytest.Faults{})
	for room, members := range n.members {
		head := n.town.Head(room)
		for i, g := range n.guests {
			want := members[g.user]
			if !comes(func() bool {
				last, in := g.at(room)
				return in == want && (!in || last == head) || n.t.Failed()
			}) {
				last, in := g.at(room)
				n.t.Errorf("session %d of %s in %s: at %d of %d, in it: %t, want %t", i, g.user, room, last, head, in, want)
			}
		}
	}
	for _, g := range n.guests {
		g.leave()
	}
}

// traveller is a client that keeps its positions.
type traveller struct {
	t      *testing.T
	user   string
	client *client
	done   chan struct{}

	mu sync.Mutex
	// last seq seen, by live room.
	last map[string]uint32
	// replayed is up to where the events were there when the session came.
	replayed map[string]uint32
	// out tells that the session has seen its removal, and nothing after it.
	out map[string]bool
}

func (g *traveller) at(room string) (last uint32, in bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	last, in = g.last[room]
	return last, in
}

func (g *traveller) come(r *rig) {
	var positions []any
	for room, seq := range g.last {
		positions = append(positions, room, int(seq))
	}
	var welcome object
	g.client, welcome = r.hello(g.t, g.user, resumeAt(positions...))
	g.out, g.replayed = map[string]bool{}, map[string]uint32{}
	for room, view := range viewsOf(welcome) {
		g.look(room, view)
	}
	g.done = make(chan struct{})
	go g.read()
}

func (g *traveller) leave() {
	_ = g.client.conn.Close()
	<-g.done
}

// look begins at a view; where it goes on from a position, that stays.
func (g *traveller) look(room string, view object) {
	head := uint32(view["head"].(float64))
	g.replayed[room], g.out[room] = head, false
	if view["resume"] != "COMPLETE" {
		g.last[room] = head
	}
}

func (g *traveller) read() {
	defer close(g.done)
	for f := range g.client.frames {
		name, body := open(g.t, f)
		g.mu.Lock()
		if err := g.take(name, body); err != nil {
			g.t.Errorf("%s: %v", g.user, err)
		}
		g.mu.Unlock()
	}
}

func (g *traveller) take(name string, body object) error {
	room, _ := body["room"].(string)
	last, in := g.last[room]
	switch name {
	case "event":
		seq := uint32(body["seq"].(float64))
		switch {
		case !in || seq != last+1:
			return fmt.Errorf("%s: %d after %d (in it: %t)", room, seq, last, in)
		case g.out[room] && seq > g.replayed[room]:
			return fmt.Errorf("%s: %d after the removal at %d", room, seq, last)
		}
		removed, _ := body["removed"].(object)
		g.last[room], g.out[room] = seq, removed["user"] == g.user
	case "gone":
		if body["reason"] == "removed" && !g.out[room] {
			return fmt.Errorf("%s: gone at %d, which is no removal", room, last)
		}
		delete(g.last, room)
	case "room":
		g.look(room, body)
	case "presenceChange":
	default:
		return fmt.Errorf("%s %v", name, body)
	}
	return nil
}
