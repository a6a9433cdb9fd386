package ledger

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/natter-chat/natter/services/history/webhook"
)

// world is a log, a receiver, a bucket, and a courier that dies now and then.
type world struct {
	t      *rapid.T
	now    time.Time
	log    []Record
	heads  map[string]uint32
	first  map[string][]uint32 // by room, each seq where it was received first
	ledger *Ledger
	places map[string]Room // the bucket
	acked  uint64          // the log is done with up to it
	read   uint64
	policy Policy
	well   bool // nothing fails any more
	writes uint64
	under  []attempt
}

func newWorld(t *rapid.T) *world {
	w := &world{t: t, now: time.Unix(1_700_000_000, 0), heads: map[string]uint32{}, first: map[string][]uint32{}, places: map[string]Room{}}
	w.policy = Policy{Backoff: webhook.DefaultBackoff(), RetryFor: 1 << 60, Part: func() float64 { return 0.5 }}
	w.begin()
	return w
}

// begin is a new courier: it knows the bucket, and where the acks end.
func (w *world) begin() {
	w.ledger, w.read, w.under = New(4, 2), w.acked, nil
	for _, room := range slices.Sorted(maps.Keys(w.places)) {
		w.ledger.Restore(w.places[room])
	}
}

// fails tells whether something goes wrong.
func (w *world) fails(what string) bool { return !w.well && rapid.IntRange(0, 3).Draw(w.t, what) == 0 }

func (w *world) append() {
	r := Record{Sequence: uint64(len(w.log) + 1), Epoch: 1, Time: w.now}
	for n := range rapid.IntRange(0, 2).Draw(w.t, "rooms") {
		room := fmt.Sprint("room-", n+rapid.IntRange(0, 4).Draw(w.t, "room"))
		if slices.ContainsFunc(r.Rooms, func(s Stretch) bool { return s.Room == room }) {
			continue
		}
		head := w.heads[room]
		w.heads[room] = head + uint32(rapid.IntRange(1, 5).Draw(w.t, "events"))
		r.Rooms = append(r.Rooms, Stretch{Room: room, First: head + 1, Last: w.heads[room]})
	}
	w.log = append(w.log, r)
}

func (w *world) take() {
	if w.read < uint64(len(w.log)) && !w.ledger.Full() {
		w.ledger.Take(w.log[w.read], w.now)
		w.read++
	}
}

func (w *world) receive(room string, from, to uint32) {
	for seq := from; seq <= to; seq++ {
		if !slices.Contains(w.first[room], seq) {
			w.first[room] = append(w.first[room], seq)
		}
	}
}

// write writes a place, or deletes it; it may fail, made or not.
func (w *world) write(r *Room, drop bool) (known bool) {
	fails := w.fails("write fails")
	if fails && w.fails("write is not made") {
		r.Revision = 0
		return false
	}
	w.writes++
	kept := *r
	kept.Revision = w.writes
	if drop {
		delete(w.places, r.Room)
	} else {
		w.places[r.Room] = kept
	}
	r.Revision = w.writes
	if fails || drop {
		r.Revision = 0
	}
	return !fails
}

// attempt is one that is under way: a room that is lent, and the head that its
// owner told.
type attempt struct {
	room Room
	head uint32
}

func (w *world) lend() {
	if r, due := w.ledger.Next(w.now); due {
		w.under = append(w.under, attempt{r, w.heads[r.Room]})
	}
}

// finish ends an attempt, as a courier does.
func (w *world) finish() {
	if len(w.under) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.under)-1).Draw(w.t, "attempt")
	r, head := w.under[i].room, w.under[i].head
	w.under = slices.Delete(w.under, i, i+1)
	if head <= r.After {
		w.wrote(r, Skipped, true)
		return
	}
	through := r.Through
	if through == 0 {
		through = min(r.After+uint32(rapid.IntRange(1, 3).Draw(w.t, "batch")), head)
	}
	if !w.fails("refused") {
		w.receive(r.Room, r.After+1, through)
		r.Taken(through)
		w.wrote(r, Passed, through >= head)
		return
	}
	if w.fails("received all the same") {
		w.receive(r.Room, r.After+1, through)
	}
	w.policy.Failed(&r, through, Failure{Problem: "x"}, w.now)
	w.wrote(r, Refused, false)
}

// wrote is the courier's.
func (w *world) wrote(r Room, o Outcome, ended bool) {
	drop := ended && r.Target <= r.After
	if r.Revision > 0 && (drop || !ended) || o == Refused {
		if !w.write(&r, drop) {
			ended = false
		}
	}
	w.ledger.Settle(r, o, ended, w.now)
}

func (w *world) tick() {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 600).Draw(w.t, "seconds")) * time.Second)
	for _, r := range w.ledger.Late(w.now, false) {
		if w.write(&r, false); r.Revision > 0 {
			w.ledger.Kept(r.Room, r.Revision)
		}
	}
	w.ledger.Tidy(w.now)
}

func (w *world) ack() {
	for _, sequence := range w.ledger.Done() {
		if sequence != w.acked+1 {
			w.t.Fatalf("record %d is acked after %d", sequence, w.acked)
		}
		w.acked = sequence
	}
}

// ordered holds that events came first in order, without a hole.
func (w *world) ordered() {
	for room, seqs := range w.first {
		for i, seq := range seqs {
			if seq != uint32(i)+1 {
				w.t.Fatalf("of %s came %v", room, seqs)
			}
		}
	}
}

// TestEachEventComesInOrder, whatever fails, and whenever the courier dies.
func TestEachEventComesInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1:
				w.append()
			case 2, 3, 4:
				w.take()
			case 5, 6:
				w.lend()
			case 7:
				w.finish()
			case 8:
				w.tick()
			case 9:
				if w.fails("the courier dies") {
					w.begin()
				}
			}
			w.ack()
			w.ordered()
		}
		w.well = true
		for range 3000 {
			w.take()
			w.lend()
			w.finish()
			if wait, soon := w.ledger.Wait(w.now); !soon || wait > 0 {
				w.tick()
			}
			w.ack()
			w.ordered()
		}
		for room, head := range w.heads {
			if len(w.first[room]) != int(head) {
				t.Fatalf("of %s came %d of %d events", room, len(w.first[room]), head)
			}
		}
		if rooms, events, _ := w.ledger.Behind(); rooms+events > 0 || w.acked != uint64(len(w.log)) {
			t.Fatalf("%d rooms are behind by %d events, and %d of %d records are acked", rooms, events, w.acked, len(w.log))
		}
	})
}
