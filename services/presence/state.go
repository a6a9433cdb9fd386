package presence

import (
	"errors"
	"fmt"
	"strings"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/ops"
	"github.com/natter-chat/natter/services/presence/fold"
)

// state is how a replica is, for metrics and readiness.
type state struct {
	fold.Size
	owning   bool
	owned    int
	replicas int
	others   []*presencev1.ReplicaStatus
	// unsynced are the gateways of which not the whole is known, stuck those
	// of them for which it takes long.
	unsynced, stuck []string
}

// Checks say whether this replica can do its work: whether NATS is connected,
// and whether it knows all sessions of all gateways it hears.
func (s *Service) Checks() []ops.Check {
	return []ops.Check{
		{Name: "nats", Ready: func() error {
			if !s.nc.IsConnected() {
				return errors.New("no connection to NATS; it is tried again for ever")
			}
			return nil
		}},
		{Name: "presence", Ready: func() error { return s.state.Load().failing() }},
	}
}

// failing is nil, or why the replica is not ready.
func (s *state) failing() error {
	switch {
	case len(s.stuck) > 0:
		return fmt.Errorf("these gateways do not tell their sessions: %s", strings.Join(s.stuck, ", "))
	case s.owning:
		return nil
	case len(s.unsynced) > 0:
		return fmt.Errorf("asking gateways for their sessions: %s", strings.Join(s.unsynced, ", "))
	}
	return errors.New("listening for gateways")
}
