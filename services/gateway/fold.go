package gateway

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

type userPresence = clientv1.ServerFrame_UserPresence

// countsAbove is how many of a room may be online and still be told by name.
// Above it the presence service tells only of those whom it was asked for.
const countsAbove = 500

// fold is who is here in one room, as the presence service tells it. It
// belongs to the feed and is guarded by its lock.
type fold struct {
	whole  bool // it holds everything up to number
	owner  string
	number uint64
	here   map[string]*userPresence // not offline; in a big room, of those asked for
	online uint32
	asking bool
	// doubted: changes may have been missed since the question under way was asked.
	doubted bool
	// members counts the seats of members: without one nobody is told of this
	// room, and what presence said of it may be over.
	members int
	// snapshot is all of it for those who come; nil: not made since the last
	// change.
	snapshot *frames
}

func (p *fold) big() bool { return p.online > countsAbove }

// doubt notes that changes may be missing without a trace.
func (p *fold) doubt() { p.whole, p.doubted = false, true }

// apply takes changes, and returns what is different now; ok is false where
// some are missing before them.
func (p *fold) apply(c *presencev1.RoomChanges) (different []*userPresence, ok bool) {
	known := p.whole && c.GetOwner() == p.owner
	switch {
	case known && c.GetNumber() < p.number:
		return nil, true
	case known && c.GetNumber() == p.number:
		if !c.GetWhole() || !p.big() {
			return nil, true
		}
		different = p.set(c.GetChanges()) // of some who were not asked for before
	case c.GetWhole() && c.GetOnline() > countsAbove:
		different = p.set(c.GetChanges())
		p.keep(c.GetChanges())
	case c.GetWhole():
		different = p.replace(c.GetChanges())
	case !known || c.GetNumber() > p.number+1:
		p.whole = false
		return nil, false
	default:
		if !p.big() && c.GetOnline() > countsAbove {
			p.here = map[string]*userPresence{} // they are not told any more
		}
		p.set(c.GetChanges())
		different = c.GetChanges()
	}
	p.whole, p.owner, p.number, p.online, p.snapshot = true, c.GetOwner(), c.GetNumber(), c.GetOnline(), nil
	return different, true
}

// set takes how users are now, and returns those who are different.
func (p *fold) set(users []*userPresence) (different []*userPresence) {
	for _, u := range users {
		before := p.here[u.GetUser()]
		offline := u.GetState() == clientv1.PresenceState_OFFLINE
		if offline {
			delete(p.here, u.GetUser())
		} else {
			p.here[u.GetUser()] = u
		}
		if !proto.Equal(before, u) && (before != nil || !offline) {
			different = append(different, u)
		}
	}
	return different
}

// keep forgets all but these: of the others nothing is told any more.
func (p *fold) keep(users []*userPresence) {
	maps.DeleteFunc(p.here, func(user string, _ *userPresence) bool {
		return !slices.ContainsFunc(users, func(u *userPresence) bool { return u.GetUser() == user })
	})
}

// replace makes these everyone who is here.
func (p *fold) replace(all []*userPresence) (different []*userPresence) {
	before := maps.Clone(p.here)
	different = p.set(all)
	for _, u := range all {
		delete(before, u.GetUser())
	}
	for _, user := range slices.Sorted(maps.Keys(before)) {
		delete(p.here, user)
		different = append(different, &userPresence{User: user, State: clientv1.PresenceState_OFFLINE})
	}
	return different
}

// all are those who are here.
func (p *fold) all() []*userPresence {
	return slices.SortedFunc(maps.Values(p.here), func(a, b *userPresence) int { return strings.Compare(a.GetUser(), b.GetUser()) })
}

func presenceFrame(room string, changes []*userPresence, online uint32) *clientv1.ServerFrame {
	return &clientv1.ServerFrame{Body: &clientv1.ServerFrame_PresenceChange_{PresenceChange: &clientv1.ServerFrame_PresenceChange{
		Room: present(room), Changes: changes, Online: online,
	}}}
}
