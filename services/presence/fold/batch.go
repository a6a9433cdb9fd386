package fold

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

// CountsAbove is how many of a room may be online and still be told by name.
// Above it only their number is told.
const CountsAbove = 500

// repeatAfter is how long after a room's last message it is sent once more: a
// receiver that lost it, and hears nothing newer, would never know.
const repeatAfter = 2 * time.Second

// Batches collects what changed in the rooms that this replica owns. Make it
// with [NewBatches] and feed it through [Batches.Touch].
type Batches struct {
	// replica names this replica, distinct in each of its lives.
	replica string
	// limit is [CountsAbove], but in tests.
	limit int
	// terms counts how often a room was taken on: no name of an owner is used
	// for a room twice.
	terms   uint64
	rooms   map[string]*batch
	touched []*batch
	repeats []repeat
	// seen is when a user who is not seen now was seen last, as far as it is
	// known and may be told.
	seen func(user string) *timestamppb.Timestamp
}

// batch is one room: what was told of it last, and what changed since.
type batch struct {
	room   string
	owner  string
	number uint64
	// online was told last.
	online int
	// before is what was told last of those who may have changed since.
	before map[string]Presence
	// fresh: nothing was told yet. The first message is sent, whole, even if
	// nobody is seen here: what another owner told last may have been lost.
	fresh  bool
	queued bool
	// wanted are the users of whom gateways want to hear where only counts are
	// told otherwise, by gateway.
	wanted map[string][]string
}

type repeat struct {
	batch   *batch
	message *presencev1.RoomChanges
	at      time.Time
}

// NewBatches is empty. The replica's name must not have been used by a life
// of it before.
func NewBatches(replica string) *Batches {
	return &Batches{replica: replica, limit: CountsAbove, rooms: make(map[string]*batch), seen: func(string) *timestamppb.Timestamp { return nil }}
}

// OnSeen has told be asked when a user was last seen, who is not seen now; nil
// where that is not known or not told.
func (b *Batches) OnSeen(told func(user string) *timestamppb.Timestamp) { b.seen = told }

// Touch notes that a user may have changed in a room that this replica owns,
// and what others saw of the user there before.
func (b *Batches) Touch(room, user string, before Presence) {
	r := b.rooms[room]
	if r == nil {
		r = b.take(room)
	}
	b.queue(r)
	if _, touched := r.before[user]; touched || r.fresh {
		return
	}
	if r.before == nil {
		r.before = make(map[string]Presence)
	}
	r.before[user] = before
}

func (b *Batches) take(room string) *batch {
	b.terms++
	r := &batch{room: room, owner: fmt.Sprintf("%s.%d", b.replica, b.terms), fresh: true}
	b.rooms[room] = r
	return r
}

func (b *Batches) queue(r *batch) {
	if !r.queued {
		r.queued = true
		b.touched = append(b.touched, r)
	}
}

// Own gives up the rooms that are another's by now, which it returns, and takes
// on those that are gained: they are told whole with the next flush.
func (b *Batches) Own(f *Fold, owns func(room string) bool) (lost []string) {
	for room := range b.rooms {
		if !owns(room) {
			delete(b.rooms, room)
			lost = append(lost, room)
		}
	}
	for room := range f.Rooms() {
		if b.rooms[room] == nil && owns(room) {
			b.queue(b.take(room))
		}
	}
	return lost
}

// Drop gives up all rooms.
func (b *Batches) Drop() {
	clear(b.rooms)
	b.touched, b.repeats = nil, nil
}

// Owned counts the rooms.
func (b *Batches) Owned() int { return len(b.rooms) }

// Flush tells the net effect of what was noted since the last flush: one
// message at most for a room, none where all is as it was told last. Of a
// room that was quiet for two seconds since, the last message comes again.
func (b *Batches) Flush(now time.Time, f *Fold) []*presencev1.RoomChanges {
	var out []*presencev1.RoomChanges
	touched := b.touched
	b.touched = nil
	for _, r := range touched {
		if b.rooms[r.room] != r {
			continue
		}
		if m := b.flush(r, f); m != nil {
			out = append(out, m)
			b.repeats = append(b.repeats, repeat{batch: r, message: m, at: now.Add(repeatAfter)})
		}
		if !f.Has(r.room) {
			delete(b.rooms, r.room)
		}
	}
	return append(out, b.repeat(now)...)
}

func (b *Batches) repeat(now time.Time) []*presencev1.RoomChanges {
	var out []*presencev1.RoomChanges
	n := 0
	for ; n < len(b.repeats) && !now.Before(b.repeats[n].at); n++ {
		r := b.repeats[n]
		if b.rooms[r.batch.room] == r.batch && r.batch.number == r.message.GetNumber() {
			out = append(out, r.message)
		}
	}
	b.repeats = slices.Delete(b.repeats, 0, n)
	return out
}

// flush is the message that tells what changed; nil if there is nothing to
// tell.
func (b *Batches) flush(r *batch, f *Fold) *presencev1.RoomChanges {
	before := r.before
	r.before, r.queued = nil, false
	online := f.Online(r.room)
	big := online > b.limit
	if big {
		wanted := r.wantedBy(f)
		maps.DeleteFunc(before, func(user string, _ Presence) bool { return !wanted[user] })
	}
	changes := b.netChanges(f, r.room, before)
	if !r.fresh && online == r.online && len(changes) == 0 {
		return nil
	}
	whole := r.fresh || r.online > b.limit && !big
	switch {
	case big && whole:
		changes = nil
	case whole:
		changes = everyone(f, r.room, nil)
	}
	r.fresh = false
	r.online = online
	r.number++
	return &presencev1.RoomChanges{
		Room: r.room, Owner: r.owner, Number: r.number, Whole: whole, Changes: changes, Online: uint32(online),
	}
}

// netChanges are those of whom others see something else than before, by user
// id.
func (b *Batches) netChanges(f *Fold, room string, before map[string]Presence) []*clientv1.ServerFrame_UserPresence {
	var changes []*clientv1.ServerFrame_UserPresence
	for _, user := range slices.Sorted(maps.Keys(before)) {
		if now := f.In(room, user); now != before[user] {
			changes = append(changes, b.message(f, user, now))
		}
	}
	return changes
}

// message describes a user in a room; one who is nowhere, with when they were
// last seen.
func (b *Batches) message(f *Fold, user string, p Presence) *clientv1.ServerFrame_UserPresence {
	m := p.Message(user)
	if !p.Visible() && !f.User(user).Visible() {
		m.LastSeen = b.seen(user)
	}
	return m
}

// everyone is who is here in the room, by user id; of some, how it was before.
func everyone(f *Fold, room string, before map[string]Presence) []*clientv1.ServerFrame_UserPresence {
	var all []*clientv1.ServerFrame_UserPresence
	for user, p := range f.Here(room) {
		if _, touched := before[user]; !touched {
			all = append(all, p.Message(user))
		}
	}
	for user, p := range before {
		if p.Visible() {
			all = append(all, p.Message(user))
		}
	}
	slices.SortFunc(all, func(a, b *clientv1.ServerFrame_UserPresence) int { return cmp.Compare(a.User, b.User) })
	return all
}

// Whole is the room as it was told last, with the number of that message, so
// that the messages after it continue it; and how those users are, also if they
// are not here.
func (b *Batches) Whole(f *Fold, room string, users ...string) *presencev1.RoomChanges {
	r := b.rooms[room]
	if r == nil {
		r = &batch{room: room, owner: b.replica}
	}
	m := &presencev1.RoomChanges{Room: room, Owner: r.owner, Number: r.number, Whole: true, Online: uint32(r.online)}
	if r.fresh { // nothing was told yet, and all will be
		m.Online = uint32(f.Online(room))
	}
	big := int(m.Online) > b.limit
	if !big {
		m.Changes = everyone(f, room, r.before)
	}
	for _, user := range users {
		p, touched := r.before[user]
		if !touched {
			p = f.In(room, user)
		}
		if big || !p.Visible() {
			m.Changes = append(m.Changes, b.message(f, user, p))
		}
	}
	return m
}
