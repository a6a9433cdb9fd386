package fold

import "time"

// Config is how long what was said stays true. All of it must be above zero.
type Config struct {
	// Lease is how long a gateway lives from one message to the next.
	Lease time.Duration
	// Grace is how long the sessions of a lost gateway still count.
	Grace time.Duration
	// Ended is how long a session that its gateway ended still counts.
	Ended time.Duration
}

// remembered is how long a lost gateway's incarnation is known, so that its
// late messages cannot pass for those of a new one.
const remembered = 10 * time.Minute

// Touched is told that a user's presence in a room may have changed, and what
// it was before. It is called in the middle of a change and must not call
// back.
type Touched func(room, user string, before Presence)

// Fold is what is known of all gateways. Make it with [New].
type Fold struct {
	cfg      Config
	touched  Touched
	gateways map[string]*origin
	// fading are incarnations that were followed by another of the same
	// gateway: nothing is heard of them any more, their sessions wait for the
	// end of the grace.
	fading []*origin
	// ended are sessions to remove, the first to go first.
	ended    []ending
	users    map[string]*user
	rooms    map[string]*room
	sessions int
	// late are users of whom some session may not have the latest status.
	late map[string]bool
	gone func(user string)
}

// New is an empty fold, which tells touched of what changes.
func New(cfg Config, touched Touched) *Fold {
	return &Fold{
		cfg:      cfg,
		touched:  touched,
		gateways: make(map[string]*origin),
		users:    make(map[string]*user),
		rooms:    make(map[string]*room),
		late:     make(map[string]bool),
		gone:     func(string) {},
	}
}

// OnGone has told be told of each user whom others do not see any more, in the
// middle of the change; it must not call back.
func (f *Fold) OnGone(told func(user string)) { f.gone = told }

// Alive says whether a gateway's lease holds.
func (f *Fold) Alive(gateway string) bool {
	o := f.gateways[gateway]
	return o != nil && o.alive()
}

// Advance lets time pass: leases and graces that end at now or before do.
// Time must not go back from one call to the next.
func (f *Fold) Advance(now time.Time) {
	for id, o := range f.gateways {
		if f.age(o, now) && !now.Before(o.lost.Add(f.cfg.Grace+remembered)) {
			delete(f.gateways, id)
		}
	}
	kept := f.fading[:0]
	for _, o := range f.fading {
		if !f.age(o, now) {
			kept = append(kept, o)
		}
	}
	clear(f.fading[len(kept):])
	f.fading = kept
	f.removeEnded(now)
}

// Size is how much a fold holds.
type Size struct {
	// Gateways counts those whose lease holds, Unsynced those of them of which
	// not the whole is known.
	Gateways, Unsynced int
	// Sessions counts those in grace, too; Users and Rooms those with any.
	Sessions, Users, Rooms int
}

// Size counts what the fold holds.
func (f *Fold) Size() Size {
	size := Size{Sessions: f.sessions, Users: len(f.users), Rooms: len(f.rooms)}
	for _, o := range f.gateways {
		if !o.alive() {
			continue
		}
		size.Gateways++
		if !o.known {
			size.Unsynced++
		}
	}
	return size
}
