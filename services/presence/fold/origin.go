package fold

import (
	"slices"
	"time"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

// maxWaiting bounds the deltas kept for a gateway while its whole is asked
// for. Beyond it they are forgotten, and the gap they leave is found by the
// next beat.
const maxWaiting = 8192

// origin is one incarnation of a gateway.
type origin struct {
	gateway     string
	incarnation uint64
	// number of the last delta folded.
	number uint64
	// known: all up to number is folded, nothing is missing.
	known bool
	heard time.Time
	// lost is when the lease lapsed; zero while it holds.
	lost time.Time
	// gone: the grace is over, too. It stays as a name to know late messages by.
	gone     bool
	sessions map[string]*session
	// waiting are the deltas that came since known became false.
	waiting []*presencev1.FromGateway
}

func (o *origin) alive() bool { return o.lost.IsZero() }

// Hear folds one message of a gateway: a delta, or a beat if it holds no
// change. What it says of a dead incarnation, and what was heard before, is
// ignored.
func (f *Fold) Hear(now time.Time, m *presencev1.FromGateway) {
	o := f.hearing(now, m.GetGateway(), m.GetIncarnation())
	if o == nil {
		return
	}
	beat := len(m.GetChanges()) == 0
	if o.known && late(o, m.GetNumber(), beat) {
		return
	}
	f.revive(o, now)
	if !o.known && o.number == 0 && len(o.sessions) == 0 && begins(m, beat) {
		o.known = true
	}
	switch {
	case beat:
		o.known = o.known && m.GetNumber() == o.number
	case o.known && m.GetNumber() == o.number+1:
		f.delta(now, o, m)
	default:
		o.known = false
		o.wait(m)
	}
}

// begins says whether a message is an incarnation's first, so that there is
// nothing before it to ask for.
func begins(m *presencev1.FromGateway, beat bool) bool {
	return beat && m.GetNumber() == 0 || !beat && m.GetNumber() == 1
}

// late says whether a message tells nothing that is not folded: a beat of an
// earlier time, or a delta heard before. It proves no life either.
func late(o *origin, number uint64, beat bool) bool {
	return number < o.number || !beat && number == o.number
}

// hearing is the incarnation that speaks; nil if it is dead. A new one ends
// the one before it.
func (f *Fold) hearing(now time.Time, gateway string, incarnation uint64) *origin {
	o := f.gateways[gateway]
	if o != nil && o.incarnation > incarnation {
		return nil
	}
	if o != nil && o.incarnation == incarnation {
		return o
	}
	if o != nil {
		f.lose(o, now)
		f.fading = append(f.fading, o)
	}
	o = &origin{gateway: gateway, incarnation: incarnation, heard: now}
	f.gateways[gateway] = o
	return o
}

func (f *Fold) delta(now time.Time, o *origin, m *presencev1.FromGateway) {
	for _, c := range m.GetChanges() {
		f.change(now, o, c)
	}
	o.number = m.GetNumber()
}

func (o *origin) wait(m *presencev1.FromGateway) {
	if len(o.waiting) == maxWaiting {
		o.waiting = nil
	}
	o.waiting = append(o.waiting, m)
}

// revive renews the lease. Sessions of a gateway that was lost are live again
// if the grace is not over; but what they were in may have been changed by the
// user's other devices, so the whole is wanted.
func (f *Fold) revive(o *origin, now time.Time) {
	o.heard = now
	if o.alive() {
		return
	}
	o.lost, o.gone, o.known = time.Time{}, false, false
	f.refreshAll(o)
}

// lose ends the lease: the sessions count for a grace from now on.
func (f *Fold) lose(o *origin, at time.Time) {
	if !o.alive() {
		return
	}
	o.lost = at
	f.refreshAll(o)
}

func (f *Fold) refreshAll(o *origin) {
	for _, s := range o.sessions {
		f.refresh(s.user)
	}
}

// age lets the lease and the grace end, and says whether both have.
func (f *Fold) age(o *origin, now time.Time) bool {
	if lapse := o.heard.Add(f.cfg.Lease); o.alive() && !now.Before(lapse) {
		f.lose(o, lapse)
	}
	if o.alive() || now.Before(o.lost.Add(f.cfg.Grace)) {
		return false
	}
	if !o.gone {
		for _, s := range o.sessions {
			f.remove(s)
		}
		o.gone, o.known, o.sessions, o.waiting = true, false, nil, nil
	}
	return true
}

// Unsynced names the living gateways of which the fold needs the whole, in
// order of their ids.
func (f *Fold) Unsynced() []string {
	var ids []string
	for id, o := range f.gateways {
		if o.alive() && !o.known {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Whole is all the sessions of a gateway.
type Whole struct {
	Incarnation uint64
	// Number of the last delta that all of it contains.
	Number   uint64
	Sessions []*presencev1.Session
}

// Synced folds the whole of a gateway, then the deltas that came while it was
// asked for. It has no effect where the whole is of a dead incarnation or is
// not needed any more.
func (f *Fold) Synced(now time.Time, gateway string, w Whole) {
	o := f.hearing(now, gateway, w.Incarnation)
	if o == nil || o.known {
		return
	}
	f.revive(o, now)
	f.replace(now, o, w.Sessions)
	o.number, o.known = w.Number, true
	waiting := o.waiting
	o.waiting = nil
	for i, m := range waiting {
		switch {
		case m.GetNumber() <= o.number:
		case m.GetNumber() == o.number+1:
			f.delta(now, o, m)
		default:
			o.known, o.waiting = false, waiting[i:]
			return
		}
	}
}

// replace makes the sessions those listed; the others have ended.
func (f *Fold) replace(now time.Time, o *origin, sessions []*presencev1.Session) {
	listed := make(map[string]bool, len(sessions))
	for _, s := range sessions {
		listed[s.GetSession()] = true
		f.set(o, s)
	}
	for id, s := range o.sessions {
		if !listed[id] {
			f.end(now, s)
		}
	}
}
