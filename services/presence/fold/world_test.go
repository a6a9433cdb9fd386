package fold

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

// world is the truth that a fold must come to: gateways, and the sockets they
// hold.
type world struct {
	rand     *rand.Rand
	gateways []*gateway
	// dead ones may have messages under way.
	dead     []*gateway
	made     int
	statuses int64
}

// gateway is one life of a gateway.
type gateway struct {
	id          string
	incarnation uint64
	number      uint64
	sessions    map[string]*presencev1.Session
	crashed     bool
	// paused: it lives and is not heard.
	paused bool
	// said are its messages that are under way.
	said []*presencev1.FromGateway
}

var (
	worldUsers = []string{"ana", "ben", "cem", "dee", "eva", "fay"}
	worldRooms = []string{"red", "green", "blue"}
)

func (w *world) start(id string, incarnation uint64) {
	w.gateways = append(w.gateways, &gateway{id: id, incarnation: incarnation, sessions: map[string]*presencev1.Session{}})
}

// do is one random happening.
func (w *world) do() {
	g := w.gateways[w.rand.IntN(len(w.gateways))]
	switch n := w.rand.IntN(100); {
	case n < 1:
		w.crash(g)
	case n < 2:
		g.paused = !g.paused
	case n < 40:
		w.connect(g)
	default:
		w.change(g)
	}
}

// crash ends a gateway's life; another begins, under the same or a new id.
func (w *world) crash(g *gateway) {
	g.crashed, g.sessions = true, nil
	w.dead = append(w.dead, g)
	w.gateways = slices.DeleteFunc(w.gateways, func(o *gateway) bool { return o == g })
	w.made++
	if w.rand.IntN(2) == 0 {
		w.start(g.id, g.incarnation+1)
	} else {
		w.start(fmt.Sprintf("g%d", w.made), 1)
	}
}

func (w *world) connect(g *gateway) {
	w.made++
	s := &presencev1.Session{
		Session: fmt.Sprintf("s%d", w.made),
		User:    worldUsers[w.rand.IntN(len(worldUsers))],
		State:   clientv1.PresenceState(1 + w.rand.IntN(4)),
		Rooms:   w.someRooms(),
	}
	g.sessions[s.Session] = s
	g.say(&presencev1.Change{Change: &presencev1.Change_Session{Session: copyOf(s)}})
}

func (w *world) someRooms() []string {
	return slices.DeleteFunc(slices.Clone(worldRooms), func(string) bool { return w.rand.IntN(2) == 0 })
}

// change ends a session of the gateway or makes it another.
func (w *world) change(g *gateway) {
	ids := slices.Sorted(maps.Keys(g.sessions))
	if len(ids) == 0 {
		return
	}
	s := g.sessions[ids[w.rand.IntN(len(ids))]]
	switch w.rand.IntN(5) {
	case 0, 1:
		delete(g.sessions, s.Session)
		g.say(&presencev1.Change{Change: &presencev1.Change_Ended{Ended: s.Session}})
	case 2:
		s.State = clientv1.PresenceState(1 + w.rand.IntN(4))
		g.say(&presencev1.Change{Change: &presencev1.Change_Session{Session: copyOf(s)}})
	case 3:
		w.statuses++
		s.State, s.StatusMs, s.Text = clientv1.PresenceState(1+w.rand.IntN(4)), w.statuses, fmt.Sprint("text ", w.rand.IntN(3))
		g.say(&presencev1.Change{Change: &presencev1.Change_Session{Session: copyOf(s)}})
	default:
		g.move(s, w.someRooms())
	}
}

// move takes the session from its rooms to others.
func (g *gateway) move(s *presencev1.Session, rooms []string) {
	left := slices.DeleteFunc(slices.Clone(s.Rooms), func(r string) bool { return slices.Contains(rooms, r) })
	entered := slices.DeleteFunc(slices.Clone(rooms), func(r string) bool { return slices.Contains(s.Rooms, r) })
	s.Rooms = rooms
	if len(left)+len(entered) > 0 {
		g.say(&presencev1.Change{Change: &presencev1.Change_Rooms{Rooms: &presencev1.RoomsChanged{
			Session: s.Session, Entered: entered, Left: left,
		}}})
	}
}

func (g *gateway) say(changes ...*presencev1.Change) {
	g.number++
	g.send(changes...)
}

func (g *gateway) beat() { g.send() }

func (g *gateway) send(changes ...*presencev1.Change) {
	g.said = append(g.said, &presencev1.FromGateway{
		Gateway: g.id, Incarnation: g.incarnation, Number: g.number, Changes: changes,
	})
}

// after is a chunk of the sessions whose ids are greater.
func (g *gateway) after(id string, most int) []*presencev1.Session {
	var chunk []*presencev1.Session
	for _, other := range slices.Sorted(maps.Keys(g.sessions)) {
		if other > id && len(chunk) < most {
			chunk = append(chunk, copyOf(g.sessions[other]))
		}
	}
	return chunk
}

func copyOf(s *presencev1.Session) *presencev1.Session {
	return &presencev1.Session{
		Session: s.Session, User: s.User, State: s.State, Text: s.Text, StatusMs: s.StatusMs, Rooms: slices.Clone(s.Rooms),
	}
}

// here is the truth about a room, and whether any session is in it.
func (w *world) here(room string) (here map[string]Presence, any bool) {
	here = map[string]Presence{}
	for _, user := range worldUsers {
		p, in := w.presence(user, room)
		any = any || in
		if in && p.Visible() {
			here[user] = p
		}
	}
	return here, any
}

// presence is what others should see of a user, and whether the user is in
// the room.
func (w *world) presence(user, room string) (Presence, bool) {
	var best *presencev1.Session
	in := false
	for _, g := range w.gateways {
		for _, s := range g.sessions {
			if s.User != user {
				continue
			}
			in = in || slices.Contains(s.Rooms, room)
			if best == nil || s.StatusMs > best.StatusMs || s.StatusMs == best.StatusMs && goodness[s.State] > goodness[best.State] {
				best = s
			}
		}
	}
	if best == nil || goodness[best.State] == 0 {
		return Presence{}, in
	}
	return Presence{State: best.State, Text: best.Text}, in
}

var goodness = map[clientv1.PresenceState]int{
	clientv1.PresenceState_ONLINE: 3, clientv1.PresenceState_BUSY: 2, clientv1.PresenceState_AWAY: 1,
}

const tick = 250 * time.Millisecond
