package presence

import (
	"fmt"
	"time"

	"github.com/natter-chat/natter/services/presence/peers"
)

// Config of presence. The zero value is what a deployment wants; the tags are
// its flags and environment.
type Config struct {
	// EndedGrace is how long a session that ended still counts, so that a
	// reload is not seen. 0: 2 s.
	EndedGrace time.Duration `name:"presence-ended-grace" env:"NATTER_PRESENCE_ENDED_GRACE" default:"2s" help:"How long a user still counts as here after their last connection closed."`
	// LastSeen says how exactly others are told when a user was last seen, and
	// how it is kept: exact (to the second), coarse (to the hour), or off (not at
	// all). Empty: exact.
	LastSeen string `name:"last-seen" env:"NATTER_LAST_SEEN" default:"exact" placeholder:"exact|coarse|off" help:"How exactly others are told when a user was last seen: exact (to the second), coarse (to the hour) or off; it is kept no more exactly."`
	// Lease is how long a gateway lives from one beat to the next. 0: 5 s.
	Lease time.Duration `kong:"-"`
	// Grace is how long the sessions of a lost gateway still count. 0: 10 s.
	Grace time.Duration `kong:"-"`
}

const (
	// window is the time over which changes of a room are collected.
	window = 250 * time.Millisecond
	// beatEvery is how often gateways say that they live.
	beatEvery = time.Second
	// peerBeatEvery is how often replicas do: three of these may get lost before a
	// replica is held dead, and its rooms are told on within 2.5 s of its end.
	peerBeatEvery = peers.TTL / 4
	// learnTime is how long a replica that knows nobody listens: one beat, and
	// a little.
	learnTime = beatEvery + window
	// learnAtMost is how long it waits for gateways that do not answer.
	learnAtMost = 10 * time.Second
)

// withDefaults fills in what is not set, or names what cannot be.
func (c Config) withDefaults() (Config, error) {
	for _, d := range []struct {
		name  string
		value *time.Duration
		usual time.Duration
	}{
		{"NATTER_PRESENCE_ENDED_GRACE", &c.EndedGrace, 2 * time.Second},
		{"presence: Lease", &c.Lease, 5 * time.Second},
		{"presence: Grace", &c.Grace, 10 * time.Second},
	} {
		if *d.value < 0 {
			return c, fmt.Errorf("%s: %s is below zero", d.name, *d.value)
		}
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	if c.LastSeen == "" {
		c.LastSeen = lastSeenExact
	}
	if _, known := lastSeenSteps[c.LastSeen]; !known {
		return c, fmt.Errorf("NATTER_LAST_SEEN: %q is none of exact, coarse and off", c.LastSeen)
	}
	return c, nil
}
