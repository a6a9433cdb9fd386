package ledger

import (
	"time"

	"github.com/natter-chat/natter/services/history/webhook"
)

// Room is how far the deliveries of one room are. Where they wait for long it
// is kept in the bucket, in this form.
type Room struct {
	Room string `json:"room"`
	// After is the seq up to which they are done.
	After uint32 `json:"after"`
	// Through is the seq up to which the delivery goes that is being tried, the
	// same one on each attempt; 0: none was tried yet.
	Through uint32 `json:"through,omitempty"`
	// Epoch is that of the record that told of the room.
	Epoch uint64 `json:"epoch,omitempty"`
	// Attempts at that delivery, the first one, and why the last one failed.
	Attempts int       `json:"attempts,omitempty"`
	First    time.Time `json:"first,omitzero"`
	Problem  string    `json:"problem,omitempty"`
	// Due is when to try next, and Since when the room fell behind.
	Due   time.Time `json:"due,omitzero"`
	Since time.Time `json:"since,omitzero"`
	// Target is the seq up to which the log told of events, as far as it was read.
	Target uint32 `json:"-"`
	// Revision of the place in the bucket; 0: it has none.
	Revision uint64 `json:"-"`
}

// Taken moves the room on behind what the receiver took, or what it is not
// told.
func (r *Room) Taken(through uint32) {
	r.After, r.Through, r.Attempts, r.First, r.Problem = through, 0, 0, time.Time{}, ""
}

// Failure is an attempt that failed.
type Failure struct {
	Problem string
	// RetryAfter is what the receiver asked for; 0: nothing.
	RetryAfter time.Duration
}

// Policy is how often it is tried.
type Policy struct {
	Backoff webhook.Backoff
	// RetryFor is how long one delivery is tried, from its first attempt on.
	RetryFor time.Duration
	// Part is a random number from 0 up to 1.
	Part func() float64
}

// Failed counts an attempt to deliver up to through, and tells whether to give
// that delivery up.
func (p Policy) Failed(r *Room, through uint32, f Failure, now time.Time) (giveUp bool) {
	if r.Attempts == 0 {
		r.First = now
	}
	r.Through, r.Problem = through, f.Problem
	r.Attempts++
	r.Due = now.Add(p.Backoff.Delay(r.Attempts, p.Part(), f.RetryAfter))
	return now.Sub(r.First) >= p.RetryFor
}
