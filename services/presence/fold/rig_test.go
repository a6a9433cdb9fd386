package fold

import (
	"testing"
	"time"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

const (
	online    = clientv1.PresenceState_ONLINE
	away      = clientv1.PresenceState_AWAY
	busy      = clientv1.PresenceState_BUSY
	invisible = clientv1.PresenceState_INVISIBLE
)

// rig is a fold with its batches, and a clock that the test moves.
type rig struct {
	t       *testing.T
	now     time.Time
	fold    *Fold
	batches *Batches
	numbers map[string]uint64
	silent  map[string]bool
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, now: time.UnixMilli(1e12), batches: NewBatches("r"), numbers: map[string]uint64{}, silent: map[string]bool{}}
	r.fold = New(Config{Lease: 5 * time.Second, Grace: 10 * time.Second, Ended: 2 * time.Second}, r.batches.Touch)
	return r
}

// say is a gateway's next delta, in its incarnation 1.
func (r *rig) say(gateway string, changes ...*presencev1.Change) {
	r.numbers[gateway]++
	r.hear(gateway, 1, r.numbers[gateway], changes...)
}

func (r *rig) hear(gateway string, incarnation, number uint64, changes ...*presencev1.Change) {
	r.fold.Hear(r.now, &presencev1.FromGateway{Gateway: gateway, Incarnation: incarnation, Number: number, Changes: changes})
}

// pass lets time pass; gateways that spoke beat each second, but the silent.
// It returns what was published.
func (r *rig) pass(d time.Duration) []*presencev1.RoomChanges {
	var out []*presencev1.RoomChanges
	for end := r.now.Add(d); r.now.Before(end); {
		r.now = r.now.Add(tick)
		for g, n := range r.numbers {
			if !r.silent[g] && r.now.UnixMilli()%1000 == 0 {
				r.hear(g, 1, n)
			}
		}
		r.fold.Advance(r.now)
		out = append(out, r.batches.Flush(r.now, r.fold)...)
	}
	return out
}

func (r *rig) wantUser(user string, want Presence) {
	r.t.Helper()
	if got := r.fold.User(user); got != want {
		r.t.Fatalf("%s is shown as %v, want %v", user, got, want)
	}
}

func (r *rig) wantNone(what string, out []*presencev1.RoomChanges) {
	r.t.Helper()
	if len(out) > 0 {
		r.t.Fatalf("%s: published %v, want nothing", what, out)
	}
}

func opened(id, user string, state clientv1.PresenceState, rooms ...string) *presencev1.Change {
	return &presencev1.Change{Change: &presencev1.Change_Session{Session: &presencev1.Session{
		Session: id, User: user, State: state, Rooms: rooms,
	}}}
}

func status(id, user string, state clientv1.PresenceState, text string, ms int64) *presencev1.Change {
	c := opened(id, user, state, "red")
	c.GetSession().Text, c.GetSession().StatusMs = text, ms
	return c
}

func ended(id string) *presencev1.Change {
	return &presencev1.Change{Change: &presencev1.Change_Ended{Ended: id}}
}

func moved(id string, entered, left []string) *presencev1.Change {
	return &presencev1.Change{Change: &presencev1.Change_Rooms{Rooms: &presencev1.RoomsChanged{Session: id, Entered: entered, Left: left}}}
}
