package workload

import (
	"context"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// Presence asks who is here in each room in which people talk, until that is
// as it should be, or the time is over. Whether it is right is the checker's to
// say.
func (c *Crowd) Presence(ctx context.Context, within time.Duration) error {
	return until(ctx, within, "the presence of those who are here", func() bool {
		here := c.here()
		for _, d := range c.devices {
			for _, r := range talked() {
				if !d.agrees(ctx, r.id, here) {
					return false
				}
			}
		}
		return true
	})
}

// here are the users who are connected.
func (c *Crowd) here() map[string]bool {
	here := map[string]bool{}
	for _, d := range c.devices {
		d.mu.Lock()
		if d.now != nil && !d.left {
			here[d.user] = true
		}
		d.mu.Unlock()
	}
	return here
}

// agrees tells whether a device is told of nobody but those who are here, and
// of as many members as are.
func (d *device) agrees(ctx context.Context, room string, here map[string]bool) bool {
	d.mu.Lock()
	c, left := d.now, d.left
	d.mu.Unlock()
	if left {
		return true
	}
	if c == nil {
		return false
	}
	if !c.Live(room) {
		return true
	}
	list, err := c.Do(ctx, "members", client.M{"room": room, "limit": 100})
	if err != nil || list.MemberList == nil {
		return false
	}
	reply, err := c.Do(ctx, "presence", client.M{"room": room})
	if err != nil || reply.PresenceChange == nil {
		return false
	}
	want := 0
	for _, m := range list.MemberList.Members {
		state := reply.PresenceChange.State(m.User)
		if online := state != "" && state != "OFFLINE"; online != here[m.User] {
			return false
		}
		if here[m.User] {
			want++
		}
	}
	return int(reply.PresenceChange.Online) == want
}
