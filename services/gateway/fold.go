package gateway

import (
	"context"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
)

type userPresence = clientv1.ServerFrame_UserPresence

// fold is who is here in one room, as the presence service tells it. It
// belongs to the feed and is guarded by its lock.
type fold struct {
	whole  bool // it holds everything up to number
	owner  string
	number uint64
	here   map[string]*userPresence // not offline
	online uint32
	asking bool
}

// apply takes changes, and returns what is different now; ok is false where
// some are missing before them.
func (p *fold) apply(c *presencev1.RoomChanges) (different []*userPresence, ok bool) {
	switch {
	case c.GetWhole():
		different = p.replace(c.GetChanges())
	case !p.whole || c.GetOwner() != p.owner || c.GetNumber() > p.number+1:
		p.whole = false
		return nil, false
	case c.GetNumber() <= p.number:
		return nil, true
	default:
		different = c.GetChanges()
		for _, change := range different {
			p.set(change)
		}
	}
	p.whole, p.owner, p.number, p.online = true, c.GetOwner(), c.GetNumber(), c.GetOnline()
	return different, true
}

func (p *fold) set(u *userPresence) {
	if u.GetState() == clientv1.PresenceState_OFFLINE {
		delete(p.here, u.GetUser())
		return
	}
	p.here[u.GetUser()] = u
}

// replace makes these everyone who is here.
func (p *fold) replace(all []*userPresence) (different []*userPresence) {
	before := p.here
	p.here = make(map[string]*userPresence, len(all))
	for _, u := range all {
		p.set(u)
		if !proto.Equal(before[u.GetUser()], u) {
			different = append(different, u)
		}
		delete(before, u.GetUser())
	}
	for user := range before {
		different = append(different, &userPresence{User: user, State: clientv1.PresenceState_OFFLINE})
	}
	return different
}

// all are those who are here.
func (p *fold) all() []*userPresence {
	list := make([]*userPresence, 0, len(p.here))
	for _, u := range p.here {
		list = append(list, u)
	}
	slices.SortFunc(list, func(a, b *userPresence) int { return strings.Compare(a.GetUser(), b.GetUser()) })
	return list
}

func presenceFrame(room string, changes []*userPresence, online uint32) *clientv1.ServerFrame {
	return &clientv1.ServerFrame{Body: &clientv1.ServerFrame_PresenceChange_{PresenceChange: &clientv1.ServerFrame_PresenceChange{
		Room: present(room), Changes: changes, Online: online,
	}}}
}

// onPresence takes a message of presence.out.<room>.
func (f *feed) onPresence(msg *nats.Msg, d *dirty) {
	changes := &presencev1.RoomChanges{}
	if proto.Unmarshal(msg.Data, changes) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.takePresence(changes, d)
}

func (f *feed) takePresence(changes *presencev1.RoomChanges, d *dirty) {
	if f.closed || f.fold == nil {
		return
	}
	before := f.fold.online
	different, ok := f.fold.apply(changes)
	if !ok {
		f.askWhole()
		return
	}
	if len(different) > 0 || f.fold.online != before {
		f.tellPresence(different, d)
	}
}

// tellPresence tells the members of a change. Who is too slow for it is owed
// the whole.
func (f *feed) tellPresence(different []*userPresence, d *dirty) {
	change := framesOf(presenceFrame(f.room, different, f.fold.online))
	for _, s := range f.seats {
		if !s.member() || s.from == paused || s.behind {
			continue
		}
		if s.behind = !d.put(s.session.out(), change.in(s.session.codec), state); s.behind {
			f.gateway.metrics.shedState.Inc()
		}
	}
}

// tend makes good what is owed: the whole to those who missed a change, and the
// whole itself where changes were missed. Called every second.
func (f *feed) tend() {
	var d dirty
	defer d.flush()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.fold == nil || len(f.seats) == 0 {
		return
	}
	if !f.fold.whole {
		f.askWhole()
		return
	}
	whole := framesOf(presenceFrame(f.room, f.fold.all(), f.fold.online))
	for _, s := range f.seats {
		if s.behind && s.member() && s.from != paused {
			s.behind = !d.put(s.session.out(), whole.in(s.session.codec), state)
		}
	}
}

// askWhole asks presence for all of the room.
func (f *feed) askWhole() {
	if f.fold.asking {
		return
	}
	f.fold.asking = true
	f.gateway.background(func(ctx context.Context) {
		changes, err := f.gateway.presenceOf(ctx, f.room)
		var d dirty
		defer d.flush()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.fold.asking = false
		if err == nil {
			f.takePresence(changes, &d)
		}
	})
}

// presenceOf asks any presence replica for the whole of a room, once.
func (g *Gateway) presenceOf(ctx context.Context, room string) (*presencev1.RoomChanges, error) {
	data, err := proto.Marshal(&presencev1.PresenceAsk{Room: room})
	if err != nil {
		return nil, err
	}
	reply := &presencev1.RoomChanges{}
	if err := g.questions.attempt(ctx, subject.PresenceAsk, data, reply); err != nil {
		return nil, err
	}
	reply.Whole = true
	return reply, nil
}
