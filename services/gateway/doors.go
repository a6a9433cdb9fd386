package gateway

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// doors bound how many connections come, at all and from one address, before
// anything is done for them. Safe for concurrent use.
type doors struct {
	handshakes *rate.Limiter // nil: no limit
	visitors   *visitors
	most       int // connections of one household; 0: no limit

	mu   sync.Mutex
	open map[string]int // by household: as many entries as connections, at most
}

func newDoors(c Config) *doors {
	d := &doors{
		visitors: newVisitors(c.AddressPerSecond, max(1, c.AddressBurst), time.Second),
		most:     c.AddressConnections, open: map[string]int{},
	}
	if c.HandshakesPerSecond > 0 {
		d.handshakes = rate.NewLimiter(rate.Limit(c.HandshakesPerSecond), max(1, c.HandshakesBurst))
	}
	return d
}

// crowded is why somebody is not let in.
type crowded struct {
	outcome, message string
	wait             time.Duration
	theirs           bool // it is about their own address
}

// enter lets one connection of a household in, or says why not. Who is let in
// must leave.
func (d *doors) enter(household string, now time.Time) *crowded {
	if wait, ok := d.visitors.take(household, now); !ok {
		return &crowded{"address_rate", "too many new connections from this address; slow down", wait, true}
	}
	if !d.claim(household) {
		return &crowded{"address_full", "too many connections from this address; close one first", retryAfter * time.Second, true}
	}
	if d.handshakes != nil {
		if r := d.handshakes.ReserveN(now, 1); r.DelayFrom(now) > 0 {
			wait := r.DelayFrom(now)
			r.CancelAt(now)
			d.leave(household)
			return &crowded{"rate", "too many connections come at once; try again", wait, false}
		}
	}
	return nil
}

func (d *doors) claim(household string) bool {
	if d.most == 0 {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[household] >= d.most {
		return false
	}
	d.open[household]++
	return true
}

// leave gives the place of a connection back.
func (d *doors) leave(household string) {
	if d.most == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[household]--; d.open[household] <= 0 {
		delete(d.open, household)
	}
}
