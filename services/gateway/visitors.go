package gateway

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// visitorsKept is how many addresses are remembered. Beyond that those are
// forgotten that have their whole allowance anyway.
const visitorsKept = 10_000

// visitors bounds how often something is done from one address.
type visitors struct {
	often, burst int // often in each span, burst at once; often 0: no limit
	span         time.Duration

	mu        sync.Mutex
	byAddress map[string]*rate.Limiter
}

func newVisitors(often, burst int, span time.Duration) *visitors {
	return &visitors{often: often, burst: burst, span: span, byAddress: map[string]*rate.Limiter{}}
}

// take takes one, if there is one for the address; else it tells how long to
// wait.
func (v *visitors) take(address string, now time.Time) (wait time.Duration, ok bool) {
	if v.often == 0 {
		return 0, true
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.byAddress[address]
	if l == nil {
		v.forget(now)
		l = rate.NewLimiter(rate.Every(v.span/time.Duration(v.often)), v.burst)
		v.byAddress[address] = l
	}
	r := l.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// forget makes room. Where an attack comes from too many addresses at once,
// all are forgotten: memory is bounded before fairness.
func (v *visitors) forget(now time.Time) {
	if len(v.byAddress) < visitorsKept {
		return
	}
	for address, l := range v.byAddress {
		if l.TokensAt(now) >= float64(v.burst) {
			delete(v.byAddress, address)
		}
	}
	if len(v.byAddress) >= visitorsKept {
		clear(v.byAddress)
	}
}
