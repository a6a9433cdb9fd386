// Package ledger is what a courier has to do: which rooms are behind, which of
// them is to be tried next, and which records of the log are done with. It is
// pure: no clock, no network; it belongs to one goroutine.
package ledger

import (
	"container/heap"
	"time"
)

const (
	// lateAfter is how long a record may wait for its rooms; then they get a
	// place in the bucket, and the record is done with.
	lateAfter = 5 * time.Second
	// idleFor is how long a room that is up to date is remembered: the owner
	// tells of events before the log does, and those are not delivered again.
	idleFor = time.Minute
	// downAfter failures without a success between them a receiver counts as
	// down: then it is asked by one delivery at a time.
	downAfter = 5
	// doubtFor is how long a record is believed of which the room's owner knows
	// nothing: it may not have heard yet that it is stored. After that it is void.
	doubtFor = time.Minute
)

// Stretch is what a record tells of one room.
type Stretch struct {
	Room        string
	First, Last uint32
}

// Record is what the log tells.
type Record struct {
	Sequence uint64
	Epoch    uint64
	Time     time.Time
	Rooms    []Stretch
}

// lane is a room, in the order of its events.
type lane struct {
	Room
	busy  bool
	idle  time.Time // since when it is up to date; zero: it is not
	doubt time.Time // since when the owner knows less than the log
}

type pending struct {
	sequence uint64
	came     time.Time
	needs    []Stretch
}

// Ledger of one webhook in one partition.
type Ledger struct {
	most    int // rooms that are behind
	atOnce  int
	lanes   map[string]*lane
	queue   queue
	records []pending
	busy    int
	failed  int // in a row
	behind  int // lanes that are not idle
}

// New makes an empty one: of at most so many rooms that are behind, with so
// many deliveries at once.
func New(rooms, atOnce int) *Ledger {
	return &Ledger{most: rooms, atOnce: atOnce, lanes: map[string]*lane{}}
}

// Restore takes a room that has a place in the bucket. It comes before any
// record.
func (l *Ledger) Restore(r Room) {
	n := &lane{Room: r}
	l.lanes[r.Room] = n
	l.behind++
	heap.Push(&l.queue, n)
}

// Full tells whether no record should be taken now; it stays in the log.
func (l *Ledger) Full() bool { return l.behind >= l.most }

// Take takes the log's next record, of the rooms that the webhook is told of.
func (l *Ledger) Take(r Record, now time.Time) {
	l.records = append(l.records, pending{sequence: r.Sequence, came: now, needs: r.Rooms})
	for _, s := range r.Rooms {
		l.take(s, r, now)
	}
}

func (l *Ledger) take(s Stretch, r Record, now time.Time) {
	n := l.lanes[s.Room]
	if n == nil {
		n = &lane{Room: Room{Room: s.Room, After: s.First - 1, Epoch: r.Epoch, Since: r.Time, Due: now, Target: s.Last}}
		l.lanes[s.Room] = n
		l.behind++
		heap.Push(&l.queue, n)
		return
	}
	if r.Epoch > n.Epoch {
		// The past changed, and with it perhaps what the seqs from here on mean.
		if n.Epoch > 0 && s.First <= n.After {
			n.After, n.Through = s.First-1, 0
		}
		n.Epoch, n.Target = r.Epoch, s.Last
	}
	n.Target = max(n.Target, s.Last)
	if !n.idle.IsZero() && n.Target > n.After {
		n.idle, n.Since, n.Due = time.Time{}, r.Time, now
		l.behind++
		heap.Push(&l.queue, n)
	}
}

// Next is the room to be tried now, and lends it until Settle.
func (l *Ledger) Next(now time.Time) (Room, bool) {
	switch {
	case len(l.queue) == 0 || l.busy >= l.atOnce || l.Down() && l.busy > 0 || l.queue[0].Due.After(now):
		return Room{}, false
	}
	n := heap.Pop(&l.queue).(*lane)
	n.busy = true
	l.busy++
	return n.Room, true
}

// Wait is how long until Next may have a room, if nothing else happens; false:
// for ever.
func (l *Ledger) Wait(now time.Time) (time.Duration, bool) {
	if len(l.queue) == 0 || l.busy >= l.atOnce || l.Down() && l.busy > 0 {
		return 0, false
	}
	return max(l.queue[0].Due.Sub(now), 0), true
}

// Outcome is how an attempt ended.
type Outcome int

const (
	// Unknown: it was not made, or nobody knows what came of it.
	Unknown Outcome = iota
	// Refused: the receiver did not take it.
	Refused
	// Passed: the receiver took it.
	Passed
	// Skipped: there was nothing to deliver.
	Skipped
)

// Settle takes back a room. ended: nothing of it is left to deliver, as its
// owner said.
func (l *Ledger) Settle(r Room, o Outcome, ended bool, now time.Time) {
	n := l.lanes[r.Room]
	n.busy = false
	l.busy--
	if r.Epoch < n.Epoch { // Take has seen another past meanwhile
		after, epoch := min(r.After, n.After), n.Epoch
		r.Through, ended = 0, false
		r.After, r.Epoch = after, epoch
	}
	if r.After > n.After {
		n.doubt = time.Time{}
	}
	r.Target = n.Target
	n.Room = r
	if ended && n.Target > n.After {
		ended = n.doubted(now)
	}
	if ended {
		n.idle, n.doubt, n.Target = now, time.Time{}, n.After
		l.behind--
	} else {
		heap.Push(&l.queue, n)
	}
	switch o {
	case Refused:
		l.failed++
	case Passed:
		if l.Down() {
			l.revive(now)
		}
		l.failed = 0
	}
}

// doubted notes that the owner knows less than the log told, and tells whether
// to believe the owner. Until then it is asked again, soon at first.
func (n *lane) doubted(now time.Time) bool {
	if n.doubt.IsZero() {
		n.doubt = now
	}
	since := now.Sub(n.doubt)
	n.Due = now.Add(min(max(since, 20*time.Millisecond), time.Second))
	return since >= doubtFor
}

// Down tells whether the receiver seems to be down.
func (l *Ledger) Down() bool { return l.failed >= downAfter }

// revive has all rooms tried again: the receiver is back.
func (l *Ledger) revive(now time.Time) {
	for _, n := range l.queue {
		if n.Due.After(now) {
			n.Due = now
		}
	}
	heap.Init(&l.queue)
}

// done tells whether a record's stretch needs it no more.
func (l *Ledger) done(s Stretch) bool {
	n := l.lanes[s.Room]
	return n == nil || !n.idle.IsZero() || n.After >= s.Last || n.Revision > 0 && !n.busy
}

// Done is the sequences of records to ack, in the order of the log: all before
// them are done with.
func (l *Ledger) Done() []uint64 {
	var sequences []uint64
	for len(l.records) > 0 {
		for _, s := range l.records[0].needs {
			if !l.done(s) {
				return sequences
			}
		}
		sequences = append(sequences, l.records[0].sequence)
		l.records = l.records[1:]
	}
	return sequences
}

// Late is the rooms for which the oldest record has waited too long, of those
// that are not lent; ending: for which any record waits. They are to be kept.
func (l *Ledger) Late(now time.Time, ending bool) []Room {
	var late []Room
	seen := map[string]bool{}
	for i, r := range l.records {
		if !ending && (i > 0 || now.Sub(r.came) < lateAfter) {
			break
		}
		for _, s := range r.needs {
			if n := l.lanes[s.Room]; !l.done(s) && !n.busy && !seen[s.Room] {
				seen[s.Room] = true
				late = append(late, n.Room)
			}
		}
	}
	return late
}

// Kept says that a room that is not lent has a place, of a revision.
func (l *Ledger) Kept(room string, revision uint64) { l.lanes[room].Revision = revision }

// Tidy forgets rooms that are up to date for long.
func (l *Ledger) Tidy(now time.Time) {
	for room, n := range l.lanes {
		if !n.idle.IsZero() && (now.Sub(n.idle) > idleFor || len(l.lanes) > 2*l.most) {
			delete(l.lanes, room)
		}
	}
}

// Behind tells how many rooms are behind, by how many events at least, and
// since when the first of them is.
func (l *Ledger) Behind() (rooms, events int, since time.Time) {
	for _, n := range l.lanes {
		if !n.idle.IsZero() {
			continue
		}
		rooms++
		if n.Target > n.After {
			events += int(n.Target - n.After)
		}
		if since.IsZero() || n.Since.Before(since) {
			since = n.Since
		}
	}
	return rooms, events, since
}

// Lent is how many rooms are lent.
func (l *Ledger) Lent() int { return l.busy }
