package chaos

import (
	"errors"
	"fmt"
	"time"

	"github.com/natter-chat/natter/services/e2e/chaos/nemesis"
	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/clock"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// Config of a run.
type Config struct {
	// Seed of all dice. The same seed makes the same choices, not the same times.
	Seed uint64
	// Shape is one of [Shapes].
	Shape string
	// The run ends after so many Faults, or after For, whichever comes first. 0:
	// it does not end it.
	Faults int
	For    time.Duration
	// Dir takes data, logs and the history, and exists.
	Dir string
	// Programs builds natter, with the tag faultpoints.
	Programs *build.Cache
	// Env are further settings of natter's programs.
	Env []string
	// Kinds, if set, are what names of faults begin with that may happen.
	Kinds []string
	// SmallDisks has data on small file systems, which then may be full. It needs
	// root.
	SmallDisks bool
	// Clocks has clocks jump: Programs are built once more, with one that can be
	// set.
	Clocks bool
	// Database and its URL, for the shapes that need PostgreSQL.
	Database    nemesis.Database
	DatabaseURL string
	// Users, and the Pace of each device. 0: as is usual.
	Users int
	Pace  time.Duration
	// Rest bounds how long everybody may take, in the end, to have everything. 0: as
	// is usual.
	Rest time.Duration
	// Log takes a line for each fault. It may be nil.
	Log func(string)
}

const (
	usualUsers = 8
	usualPace  = 150 * time.Millisecond
	histories  = 3
	partitions = 4
	// diskSize is enough for all that a run of an hour writes.
	diskSize = 256 << 20
)

// Shapes by name, and whether they need PostgreSQL.
func Shapes() map[string]bool {
	return map[string]bool{"standalone": false, "split": false, "replicated": true, "clustered": true}
}

func (c *Config) complete() error {
	postgres, known := Shapes()[c.Shape]
	switch {
	case !known:
		return fmt.Errorf("there is no shape %q: take standalone, split, replicated or clustered", c.Shape)
	case postgres && c.DatabaseURL == "":
		return fmt.Errorf("the shape %s needs PostgreSQL", c.Shape)
	case c.Faults <= 0 && c.For <= 0:
		return errors.New("a run needs an end: a number of faults, or a time")
	}
	if c.Users == 0 {
		c.Users = usualUsers
	}
	if c.Pace == 0 {
		c.Pace = usualPace
	}
	if c.Rest == 0 {
		c.Rest = recovery
	}
	if c.Log == nil {
		c.Log = func(string) {}
	}
	return nil
}

func (c *Config) shape() shape.Shape {
	switch c.Shape {
	case "split":
		return shape.Split()
	case "replicated":
		return shape.Replicated(histories)
	case "clustered":
		return shape.Clustered(histories)
	}
	return shape.Standalone()
}

// settings of natter's programs: no limits, and a drain that does not take all
// of the run.
func (c *Config) settings() []string {
	env := []string{
		"NATTER_SENDS_PER_SECOND=0", "NATTER_REQUESTS_PER_SECOND=0", "NATTER_SESSIONS_PER_USER=0", "NATTER_LOG_LEVEL=info", "NATTER_DRAIN=2s",
		"NATTER_HANDSHAKES_PER_SECOND=0",
	}
	if c.DatabaseURL != "" {
		env = append(env, "NATTER_STORE="+c.DatabaseURL)
	}
	if c.Clocks {
		env = append(env, clock.Variable+"=clock")
	}
	return append(env, c.Env...)
}
