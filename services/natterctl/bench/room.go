package bench

import (
	"sync"
	"time"
)

// room is what was sent into one room, and who got it. Safe for concurrent use.
type room struct {
	id     string
	made   bool
	people []*person

	mu        sync.Mutex
	sent      map[string]*message // by clientMsgId
	acks      latencies
	arrivals  latencies
	refused   map[string]int // by code
	unordered int            // events that came again, or after a hole
}

// message is one that was sent.
type message struct {
	at    time.Time
	acked bool
	over  bool // it was refused: nobody will get it
	got   int  // clients that have it
}

func (r *room) send(id string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent[id] = &message{at: at}
}

func (r *room) ack(id string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.sent[id]; m != nil && !m.acked {
		m.acked = true
		r.acks.add(at.Sub(m.at))
	}
}

func (r *room) refuse(id, code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused == nil {
		r.refused = map[string]int{}
	}
	r.refused[code]++
	if m := r.sent[id]; m != nil {
		m.over = true
	}
}

func (r *room) arrive(id string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.sent[id]; m != nil {
		m.got++
		r.arrivals.add(at.Sub(m.at))
	}
}

// disorder counts an event that does not follow the one before it.
func (r *room) disorder() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unordered++
}

// open tells whether something is on its way.
func (r *room) open() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.sent {
		if !m.over && (!m.acked || m.got < len(r.people)) {
			return true
		}
	}
	return false
}
