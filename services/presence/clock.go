package presence

import "time"

// stall is a silence of the loop itself after which time has stood still: the
// loop looks at the clock four times a second.
const stall = time.Second

// clock is the time in which leases and graces end. It leaves out the time in
// which the loop could hear nobody.
type clock struct {
	last time.Time
	lost time.Duration
}

// now is that time. It never goes back.
func (c *clock) now(real time.Time) time.Time {
	if real.Sub(c.last) > stall {
		c.skip(real)
	}
	c.last = real
	return real.Add(-c.lost)
}

// skip leaves out the time since the clock was last looked at.
func (c *clock) skip(real time.Time) {
	c.lost += real.Sub(c.last)
	c.last = real
}
