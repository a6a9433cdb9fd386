package nemesis

import (
	"errors"
	"time"
)

// Database is the store's server. Where there is none it is nil.
type Database interface {
	Start() error
	Stop() error
	Kill() error
}

// Halter is a database that can be halted.
type Halter interface {
	Halt() error
	Resume() error
}

func database(db Database) []Fault {
	faults := []Fault{
		during("stop the database", 200*time.Millisecond, 5*time.Second, db.Stop, db.Start),
		during("crash the database", time.Millisecond, 2*time.Second, db.Kill, db.Start),
	}
	if h, can := db.(Halter); can {
		faults = append(faults, during("halt the database", 300*time.Millisecond, 6*time.Second, h.Halt, func() error {
			return errors.Join(h.Resume(), h.Resume()) // also who was started meanwhile
		}))
	}
	return faults
}
