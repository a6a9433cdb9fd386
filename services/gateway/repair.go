package gateway

import (
	"context"
	"math/rand/v2"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

const (
	// behindFor is how long a feed may be behind a head before it asks: what is
	// missing is mostly on its way.
	behindFor = time.Second
	// repairsAtOnce bounds the questions of all feeds, since after an outage
	// they all have one.
	repairsAtOnce = 32
)

// repair is what a feed knows of what it misses.
type repair struct {
	target   uint32    // the highest seq that is known to be there
	noticed  uint32    // a target that was ahead of the feed
	since    time.Time // when that was noticed
	underWay bool
}

func (r *repair) expect(seq uint32) { r.target = max(r.target, seq) }

// checkHole asks for what is missing where something newer is there already.
func (f *feed) checkHole() {
	if f.started && len(f.early) > 0 {
		f.mend("hole")
	}
}

// head takes how far the room goes. At once: do not wait for what may be on
// its way.
func (f *feed) head(seq uint32, now time.Time, atOnce bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.repair.expect(seq)
	if atOnce && f.started && f.last < seq {
		f.mend("check")
	}
	f.lookBehind(now)
}

// lookBehind asks for what is known to be there and has not come for a while.
// Called every second, since nobody may say again how far the room goes.
func (f *feed) lookBehind(now time.Time) {
	switch r := &f.repair; {
	case !f.started || f.closed || f.last >= r.target:
	case f.last >= r.noticed:
		r.noticed, r.since = r.target, now
	case now.Sub(r.since) >= behindFor:
		f.mend("heads")
	}
}

// mend starts a repair, if none is under way.
func (f *feed) mend(cause string) {
	if f.repair.underWay || f.closed {
		return
	}
	f.repair.underWay = true
	f.gateway.metrics.repairs.WithLabelValues(cause).Inc()
	f.gateway.background(f.mendNow)
}

// mendNow asks the owner for what is missing until nothing is.
func (f *feed) mendNow(ctx context.Context) {
	for misses := 0; ; misses++ {
		after, missing := f.missing()
		if !missing {
			return
		}
		if f.fetch(ctx, after) {
			misses = 0
			continue
		}
		bound := min(2*time.Second, backoffLeast<<min(misses, 10))
		select {
		case <-ctx.Done():
			return
		case <-time.After(bound/2 + rand.N(bound/2)):
		}
	}
}

// missing is where the hole begins; where there is none, the repair is over.
func (f *feed) missing() (after uint32, missing bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.last >= f.repair.target {
		f.repair.underWay = false
		return 0, false
	}
	return f.last, true
}

// fetch asks once, and tells whether that brought the feed further.
func (f *feed) fetch(ctx context.Context, after uint32) bool {
	list, err := f.gateway.stretches.after(ctx, f.room, after)
	if err != nil {
		if ctx.Err() == nil {
			f.gateway.log.Warn("a hole in a room's events is not filled yet", "room", f.room, "after", after, "error", err)
		}
		return false
	}
	return f.fill(list, after)
}

// fill takes a stretch of the room's log that follows a seq.
func (f *feed) fill(list *chatv1.EventList, after uint32) bool {
	var d dirty
	defer d.flush()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.repair.expect(list.GetHead())
	before := f.last
	f.receive(list.GetEvents(), source{}, &d)
	f.gateway.metrics.repaired.Add(float64(f.last - before))
	return f.last > after
}

// stretches are where a feed gets what it misses.
type stretches interface {
	// after is a stretch of a room's log, from the event after seq on, and the
	// room's head. It waits.
	after(ctx context.Context, room string, seq uint32) (*chatv1.EventList, error)
}

// owners are the stretches of the rooms' owners.
type owners struct {
	questions *questions
	places    chan struct{} // for questions at once
}

func (o *owners) after(ctx context.Context, room string, seq uint32) (*chatv1.EventList, error) {
	select {
	case o.places <- struct{}{}:
		defer func() { <-o.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	reply, err := o.questions.owner(ctx, o.questions.deployment.partition(room), &chatv1.Ask{
		Question: &chatv1.Ask_Events{Events: &chatv1.AskEvents{Room: room, After: seq}},
	})
	return reply.GetEvents(), err
}
