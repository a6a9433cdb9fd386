package ops

import (
	"errors"
	"sync/atomic"
)

// Drain is a switch that makes a process not ready while it stops, so that
// balancers send it nothing new. The zero value is ready.
type Drain struct{ begun atomic.Bool }

// Begin makes the check fail from now on.
func (d *Drain) Begin() { d.begun.Store(true) }

// Begun tells whether it was.
func (d *Drain) Begun() bool { return d.begun.Load() }

// Check is the line of [Handler] for it.
func (d *Drain) Check() Check {
	return Check{Name: "drain", Ready: func() error {
		if d.Begun() {
			return errors.New("stopping")
		}
		return nil
	}}
}
