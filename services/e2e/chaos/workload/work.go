package workload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/natter-chat/natter/services/e2e/chaos/checker"
	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// work does one thing after another on a connection until that is lost, or the
// device drops it.
func (d *device) work(ctx context.Context, c *client.Client) {
	for ctx.Err() == nil && !d.isGone() && !d.hasGaps() {
		if len(d.waiting) > 0 {
			if d.fire(ctx, c) != nil {
				return
			}
		}
		if d.stopped() {
			if len(d.waiting) == 0 {
				d.rest(ctx, c)
				return
			}
		} else if !d.next(ctx, c) {
			return
		}
		pace := d.crowd.cfg.Pace
		select {
		case <-ctx.Done():
		case <-time.After(pace/2 + rand.N(pace)):
		}
	}
}

func (d *device) stopped() bool {
	select {
	case <-d.crowd.stop:
		return true
	default:
		return false
	}
}

// rest only reads, until the connection ends.
func (d *device) rest(ctx context.Context, c *client.Client) {
	d.mu.Lock()
	d.idle = true
	d.mu.Unlock()
	for ctx.Err() == nil && !d.hasGaps() {
		waiting, cancel := context.WithTimeout(ctx, time.Second)
		_, err := c.AwaitClose(waiting)
		cancel()
		if err == nil {
			return
		}
	}
}

// next does one thing, and tells whether the connection goes on.
func (d *device) next(ctx context.Context, c *client.Client) bool {
	r := talked()[d.dice.IntN(len(talked()))]
	if !c.Live(r.id) {
		return d.outside(ctx, c, r)
	}
	switch n := d.dice.IntN(100); {
	case n < 55:
		for range 1 + d.dice.IntN(3)*d.dice.IntN(2) {
			d.load(r.id)
		}
		return true
	case n < 62:
		return d.about(ctx, c, r, true, "edit", func(e *client.Event) client.M {
			return client.M{"seq": e.Seq, "text": fmt.Sprintf("%s (edited %d)", e.Message.Text, d.dice.IntN(1000))}
		})
	case n < 70:
		return d.about(ctx, c, r, false, "react", func(e *client.Event) client.M {
			return client.M{"seq": e.Seq, "emoji": []string{"👍", "🎉", "👀"}[d.dice.IntN(3)], "remove": d.dice.IntN(3) == 0}
		})
	case n < 72:
		return d.about(ctx, c, r, true, "delete", func(e *client.Event) client.M { return client.M{"seq": e.Seq} })
	case n < 80:
		return d.ask(ctx, c, "read", client.M{"room": r.id, "seq": c.Seq(r.id)})
	case n < 84:
		return d.ask(ctx, c, "messages", client.M{"room": r.id, "before": c.Seq(r.id) + 1, "limit": 20})
	case n < 90:
		return d.membership(ctx, c, r)
	case n < 97:
		return d.crown(ctx, c)
	}
	return false // it drops the connection
}

// ask makes a request, and tells whether the connection goes on. What it has
// for an answer is the checker's to judge.
func (d *device) ask(ctx context.Context, c *client.Client, kind string, body client.M) bool {
	reply, err := c.Do(ctx, kind, body)
	if err == nil && reply.Ack != nil {
		d.crowd.ack(reply.Ack)
	}
	return err == nil
}

// about asks for a change of a message.
func (d *device) about(ctx context.Context, c *client.Client, r room, own bool, kind string, body func(*client.Event) client.M) bool {
	e := d.pick(r.id, own)
	if e == nil {
		return true
	}
	request := body(e)
	request["room"] = r.id
	return d.ask(ctx, c, kind, request)
}

// outside comes back into a public room; into others one has to be invited.
func (d *device) outside(ctx context.Context, c *client.Client, r room) bool {
	if r.kind != "PUBLIC" {
		return true
	}
	return d.ask(ctx, c, "join", client.M{"room": r.id})
}

// membership: owners take away and invite those with high numbers, who leave
// by themselves, too.
func (d *device) membership(ctx context.Context, c *client.Client, r room) bool {
	users := d.crowd.cfg.Users
	switch {
	case d.number == r.owner:
		whom := client.M{"room": r.id, "user": user(users/2 + d.dice.IntN(users-users/2))}
		return d.ask(ctx, c, []string{"kick", "invite", "invite"}[d.dice.IntN(3)], whom)
	case d.number >= users/2 && d.dice.IntN(3) == 0:
		return d.ask(ctx, c, "leave", client.M{"room": r.id})
	}
	return true
}

// crown makes a room that others want to make, too, or changes who owns one.
func (d *device) crown(ctx context.Context, c *client.Client) bool {
	id := fmt.Sprint(checker.Contested, d.dice.IntN(2))
	switch d.dice.IntN(5) {
	case 0:
		id = newRoom(d.dice.IntN(contestedRooms))
		return d.ask(ctx, c, "createRoom", client.M{"room": id, "name": d.user, "kind": "PUBLIC", "members": []string{}})
	case 1:
		return d.ask(ctx, c, "leave", client.M{"room": id})
	case 2:
		return d.ask(ctx, c, "join", client.M{"room": id})
	}
	role := []string{"OWNER", "OWNER", "MEMBER"}[d.dice.IntN(3)]
	return d.ask(ctx, c, "setRole", client.M{"room": id, "user": user(d.dice.IntN(d.crowd.cfg.Users)), "role": role})
}
