package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/natter-chat/natter/proto/subject"
)

const sweepEvery = time.Second

// feeds is the table of rooms that are followed here.
type feeds struct {
	gateway *Gateway
	linger  time.Duration

	mu     sync.RWMutex
	byRoom map[string]*feed
}

// get is the feed of a room, or nil.
func (t *feeds) get(room string) *feed {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byRoom[room]
}

// pin is the feed of a room, which is followed from now on at the latest. It
// stays until it is unpinned and nobody has sat in it for a while.
func (t *feeds) pin(room string) (*feed, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.byRoom[room]
	if f == nil {
		f = &feed{room: room, gateway: t.gateway}
		sub, err := t.gateway.dispatcher.subscribeDirect(subject.Events(room), room, f.onEvents, f.onTold)
		if err != nil {
			return nil, err
		}
		f.subs = append(f.subs, sub)
		if err := f.follow(subject.Signal(room), f.onSignal); err != nil {
			f.close()
			return nil, err
		}
		t.byRoom[room] = f
		t.gateway.metrics.feeds.Inc()
	}
	f.pins++
	f.idle = time.Time{}
	return f, nil
}

func (t *feeds) unpin(f *feed) {
	t.mu.Lock()
	f.pins--
	t.mu.Unlock()
}

// run lets go of feeds in which nobody sits any more, until ctx ends.
func (t *feeds) run(ctx context.Context) {
	ticker := time.NewTicker(min(sweepEvery, max(t.linger, time.Millisecond)))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			t.sweep(now)
		}
	}
}

func (t *feeds) sweep(now time.Time) {
	for _, f := range t.all() {
		t.release(f, now)
		f.tend()
		f.mu.Lock()
		f.lookBehind(now)
		f.fade(now)
		f.mu.Unlock()
	}
}

// release closes a feed that nobody uses.
func (t *feeds) release(f *feed, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.mu.Lock()
	empty, never := len(f.seats) == 0, !f.started
	f.mu.Unlock()
	switch {
	case !empty || f.pins > 0 || t.byRoom[f.room] != f:
		f.idle = time.Time{}
	case f.idle.IsZero() && !never:
		f.idle = now
	case now.Sub(f.idle) >= t.linger || never:
		delete(t.byRoom, f.room)
		f.close()
		t.gateway.metrics.feeds.Dec()
	}
}

// all feeds there are now.
func (t *feeds) all() []*feed {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := make([]*feed, 0, len(t.byRoom))
	for _, f := range t.byRoom {
		list = append(list, f)
	}
	return list
}

// reset lets go of all feeds: they are of a past that is over.
func (t *feeds) reset() {
	t.mu.Lock()
	old := t.byRoom
	t.byRoom = map[string]*feed{}
	t.mu.Unlock()
	for _, f := range old {
		f.close()
		t.gateway.metrics.feeds.Dec()
	}
}

// follow adds a subject to what the feed listens to.
func (f *feed) follow(subject string, handle handler) error {
	sub, err := f.gateway.dispatcher.subscribe(subject, f.room, handle)
	if err == nil {
		f.subs = append(f.subs, sub)
	}
	return err
}

// followMembers listens to what only members are told, from the first of them
// on. The feed is locked.
func (f *feed) followMembers() {
	if f.fold != nil {
		return
	}
	f.fold = &fold{here: map[string]*userPresence{}}
	for of, handle := range map[string]handler{
		subject.Typing(f.room): f.onTyping, subject.Marks(f.room): f.onMarks, subject.PresenceOut(f.room): f.onPresence,
	} {
		if err := f.follow(of, handle); err != nil { // the connection has ended, and with it the gateway
			f.gateway.log.Error("a room cannot be followed", "subject", of, "error", err)
		}
	}
}

// close ends the feed; it takes and gives nothing any more.
func (f *feed) close() {
	f.mu.Lock()
	subs := f.subs
	f.closed, f.subs, f.early, f.ring = true, nil, nil, ring{}
	f.unkeep()
	f.mu.Unlock()
	for _, s := range subs {
		s.close()
	}
}
