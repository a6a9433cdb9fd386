package gateway

import (
	"context"
	"errors"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

var errFeedClosed = errors.New("the feed was closed")

// entrance is a session on its way into a feed: a view of the room was taken,
// and what happened since, and what the client missed before, comes first.
type entrance struct {
	session *session
	feed    *feed
	view    *chatv1.RoomView
	opening []byte // frames that go before everything else; may be nil
	muted   int64  // as the owner says it of the user
	begun   bool
	pos     uint32          // the client has, or does not want, what is up to here
	backlog []*chatv1.Event // what follows on pos, as far as it is here
}

// outcome is how far an entrance came.
type outcome int

const (
	seated  outcome = iota
	out             // by what the backlog says, or since the session has ended
	missing         // events after pos have to be asked for
	busy            // the client has to read first
	behind          // the feed has to come up to the view first
)

// paceEvery is how often an entrance looks whether a slow client has read on.
const paceEvery = 20 * time.Millisecond

// enter brings the session into the feed, asking for what neither the backlog
// nor the ring has. It goes no faster than the client reads.
func (e *entrance) enter(ctx context.Context) error {
	for {
		if err := e.pace(ctx); err != nil {
			return err
		}
		outcome, err := e.step()
		switch {
		case err != nil || outcome == seated || outcome == out:
			return err
		case outcome == busy:
			continue
		}
		after := e.pos
		if outcome == behind {
			after = e.feed.lastSeq()
		}
		list, err := e.session.gateway.stretches.after(ctx, e.feed.room, after)
		switch {
		case err != nil:
			if outcome == missing {
				e.giveUp()
			}
			return err
		case outcome == behind:
			e.feed.fill(list, after)
		default:
			e.backlog = list.GetEvents()
		}
	}
}

// pace waits until the client has read most of what it was sent. The outbox
// bounds how long that can take.
func (e *entrance) pace(ctx context.Context) error {
	if e.session.out().calm() {
		return nil
	}
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	for !e.session.out().calm() && !e.session.ended.Load() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// step replays what is there. Where that reaches the feed's last event, the
// session is in, with nothing lost or doubled in between.
func (e *entrance) step() (outcome, error) {
	var d dirty
	defer d.flush()
	f := e.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return out, errFeedClosed
	}
	if !f.started {
		f.begin(e.view.GetHead(), int(e.view.GetMemberCount()), &d)
	}
	if e.view.GetHead() == f.last {
		f.countMembers(int(e.view.GetMemberCount()))
		f.kind, f.archived = e.view.GetKind(), e.view.GetArchived()
	}
	if !e.begun && e.goesOn() {
		return behind, nil
	}
	s, err := e.session.sit(f)
	if err != nil {
		return out, err
	}
	s.from, s.viewed = paused, e.view.GetHead()
	if !e.begun {
		e.begun = true
		d.put(e.session.out(), e.opening, durable)
		f.setRole(s, e.view.GetRole())
		s.muted = e.muted
	}
	backlog := f.entriesOf(e.backlog)
	e.backlog = nil
	if e.replay(s, backlog, &d) {
		return out, nil
	}
	if e.pos < f.last {
		rest, covered := f.ring.after(e.pos)
		if !covered {
			return missing, nil
		}
		if !e.session.out().calm() {
			return busy, nil
		}
		if e.replay(s, rest, &d) {
			return out, nil
		}
	}
	s.from = e.pos
	f.repair.expect(max(e.pos, e.view.GetHead())) // the owner told of events that are still on their way here, or lost
	f.lookBehind(time.Now())
	if s.behind {
		f.settleFor(s, &d)
	}
	return seated, nil
}

// goesOn tells whether the session is live in the feed already, and a view
// without a replay would skip events that have not come here yet.
func (e *entrance) goesOn() bool {
	s := e.session.seatIn(e.feed)
	return s != nil && s.from != paused && e.view.GetResume() == chatv1.Resume_FRESH && max(s.from, e.feed.last) < e.view.GetHead()
}

// replay gives the client the next events in one piece, and tells whether one
// of them ended its stay.
func (e *entrance) replay(s *seat, entries []*entry, d *dirty) (ended bool) {
	b := e.session.gateway.buffers.take()
	defer e.session.gateway.buffers.free(b)
	for _, entry := range entries {
		if entry.seq <= e.pos {
			continue
		}
		if entry.seq != e.pos+1 { // never a hole: what follows is asked for again
			break
		}
		b.bytes = append(b.bytes, entry.alone(e.session.codec)...)
		e.pos = entry.seq
		if s.turnedBy(entry.event) {
			d.put(e.session.out(), b.bytes, durable)
			b.bytes = b.bytes[:0]
			e.feed.turnFor(s, entry.event, d)
		}
		if s.index < 0 {
			return true
		}
	}
	if len(b.bytes) > 0 {
		d.put(e.session.out(), b.bytes, durable)
	}
	return false
}

// giveUp takes the seat away: it would have a hole. The client is told, and
// may ask again.
func (e *entrance) giveUp() {
	var d dirty
	defer d.flush()
	e.feed.mu.Lock()
	defer e.feed.mu.Unlock()
	if s := e.session.seatIn(e.feed); s != nil {
		e.feed.expel(s, "unavailable", &d)
	}
}
