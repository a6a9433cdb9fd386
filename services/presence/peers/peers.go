// Package peers says which of the presence replicas that live owns a room.
//
// Replicas tell each other twice a second that they live. The owner of a room is
// the live replica with the highest rendezvous hash (Thaler and Ravishankar,
// 1998): all who know the same replicas name the same owner, and only the
// rooms of a replica that comes or goes change hands.
package peers

import (
	"slices"
	"time"
)

// TTL is how long a replica lives from one beat to the next. It is no longer
// than a room's last message waits to be sent again: an owner that cannot be
// heard then either was followed by another, or is heard again in time.
const TTL = 2 * time.Second

// Peers are the replicas that live, this one among them. Not safe for
// concurrent use.
type Peers struct {
	self  string
	heard map[string]time.Time
	live  []string
}

// New knows only the replica itself.
func New(self string) *Peers {
	return &Peers{self: self, heard: make(map[string]time.Time), live: []string{self}}
}

// Hear notes a beat of a replica, its last one if it is leaving, and says
// whether that changes who lives.
func (p *Peers) Hear(now time.Time, replica string, leaving bool) bool {
	if replica == "" || replica == p.self {
		return false
	}
	if leaving {
		delete(p.heard, replica)
	} else {
		p.heard[replica] = now
	}
	return p.count()
}

// Advance forgets those that were silent for [TTL], and says whether that
// changes who lives.
func (p *Peers) Advance(now time.Time) bool {
	for replica, at := range p.heard {
		if now.Sub(at) >= TTL {
			delete(p.heard, replica)
		}
	}
	return p.count()
}

// Forget forgets all but the replica itself.
func (p *Peers) Forget() {
	clear(p.heard)
	p.count()
}

// count makes live what was heard.
func (p *Peers) count() bool {
	if len(p.live) == len(p.heard)+1 && !slices.ContainsFunc(p.live, p.unheard) {
		return false
	}
	p.live = append(p.live[:0], p.self)
	for replica := range p.heard {
		p.live = append(p.live, replica)
	}
	return true
}

func (p *Peers) unheard(replica string) bool {
	_, heard := p.heard[replica]
	return !heard && replica != p.self
}

// Names are the replicas that live, by id.
func (p *Peers) Names() []string { return slices.Sorted(slices.Values(p.live)) }

// Live counts the replicas that live.
func (p *Peers) Live() int { return len(p.live) }

// Owner of a room.
func (p *Peers) Owner(room string) string {
	if len(p.live) == 1 {
		return p.self
	}
	best, most := "", uint64(0)
	for _, replica := range p.live {
		if w := weight(replica, room); w > most || w == most && replica > best {
			best, most = replica, w
		}
	}
	return best
}

// weight is a hash of both: FNV-1a, with the finaliser of splitmix64, since
// FNV alone leaves the last bytes in the low bits.
func weight(replica, room string) uint64 {
	x := uint64(14695981039346656037)
	for i := range len(replica) {
		x = (x ^ uint64(replica[i])) * 1099511628211
	}
	x *= 1099511628211 // a zero byte between the two
	for i := range len(room) {
		x = (x ^ uint64(room[i])) * 1099511628211
	}
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
