package gateway

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	wheelTick  = 250 * time.Millisecond
	wheelSlots = 256
)

// errand is what a session is called for.
type errand uint8

const (
	errandGreet   errand = iota // the hello should have come
	errandPing                  // ask whether the client lives
	errandSilence               // something should have come back
	errandExpire                // the token ends
	errandText                  // the user's text ends
)

// appointment is one call to come.
type appointment struct {
	at      int64 // tick
	session *session
	errand  errand
}

// wheel calls sessions at set times, from one goroutine, so that an idle
// connection has no timer. It is exact to a tick. An appointment cannot be
// taken back: whoever is called looks whether there is still something to do.
type wheel struct {
	began time.Time
	ticks atomic.Int64

	mu    sync.Mutex
	slots [wheelSlots][]appointment
}

func newWheel() *wheel { return &wheel{began: time.Now()} }

// now is the present tick.
func (w *wheel) now() int64 { return w.ticks.Load() }

// book makes an appointment in at least the time given, also where the wheel is
// behind: whoever is called too soon takes that for an appointment of before.
func (w *wheel) book(s *session, e errand, in time.Duration) {
	at := max(w.now(), int64(time.Since(w.began)/wheelTick)) + 1 + int64((max(in, 0)+wheelTick-1)/wheelTick)
	w.mu.Lock()
	defer w.mu.Unlock()
	slot := &w.slots[at%wheelSlots]
	*slot = append(*slot, appointment{at: at, session: s, errand: e})
}

// run turns the wheel until ctx ends.
func (w *wheel) run(ctx context.Context) {
	ticker := time.NewTicker(wheelTick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			w.turn(int64(now.Sub(w.began) / wheelTick))
		}
	}
}

// turn keeps all appointments up to a tick.
func (w *wheel) turn(to int64) {
	for tick := w.now() + 1; tick <= to; tick++ {
		w.ticks.Store(tick)
		for _, a := range w.due(tick) {
			a.session.due(a.errand)
		}
	}
}

func (w *wheel) due(tick int64) []appointment {
	w.mu.Lock()
	defer w.mu.Unlock()
	slot := &w.slots[tick%wheelSlots]
	var due []appointment
	later := (*slot)[:0]
	for _, a := range *slot {
		if a.at <= tick {
			due = append(due, a)
		} else {
			later = append(later, a)
		}
	}
	clear((*slot)[len(later):])
	*slot = later
	return due
}
