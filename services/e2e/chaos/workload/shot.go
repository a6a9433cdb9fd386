package workload

import (
	"bytes"
	"context"
	"fmt"

	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// shot is a message on its way: sent again, with the same id, until it has an
// answer that is one.
type shot struct {
	id, room, text string
	replyTo        uint32 // 0: none
	attempts       int
}

// load makes a message that waits to be sent.
func (d *device) load(room string) {
	d.shots++
	s := &shot{id: fmt.Sprintf("%s-%d", d.name, d.shots), room: room}
	s.text = fmt.Sprintf("message %d of %s", d.shots, d.name)
	if other := d.pick(room, false); other != nil && d.dice.IntN(8) == 0 {
		s.replyTo = other.Seq
		s.text += " for <@" + other.User + ">"
	}
	d.waiting = append(d.waiting, s)
}

// fire sends all that waits, and then waits for each answer. It fails when the
// connection is lost.
func (d *device) fire(ctx context.Context, c *client.Client) error {
	ids := make([]uint32, len(d.waiting))
	for i, s := range d.waiting {
		s.attempts++
		body := client.M{"room": s.room, "clientMsgId": s.id, "text": s.text, "attempt": s.attempts}
		if s.replyTo > 0 {
			body["replyTo"] = s.replyTo
		}
		id, err := c.Post("send", body)
		if err != nil {
			return err
		}
		ids[i] = id
	}
	var again []*shot
	for i, s := range d.waiting {
		reply, err := c.Reply(ctx, ids[i])
		if err != nil {
			d.waiting = append(again, d.waiting[i:]...)
			return err
		}
		switch {
		case reply.Ack != nil:
			d.crowd.ack(reply.Ack)
		case transient(reply):
			again = append(again, s)
		}
	}
	d.waiting = again
	return nil
}

// transient tells whether a refusal may be none the next time.
func transient(reply client.Frame) bool {
	return reply.Error != nil && (reply.Error.Code == "UNAVAILABLE" || reply.Error.Code == "RATE_LIMITED")
}

// heard looks for what a client has to act upon: a room that was taken away for
// want of an answer is come back to.
func (d *device) heard(frame []byte) {
	if !bytes.HasPrefix(frame, []byte(`{"gone":`)) || !bytes.Contains(frame, []byte(`"unavailable"`)) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gaps = true
}

func (d *device) hasGaps() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gaps
}

// pick is a message of a room that the device saw lately, or nil.
func (d *device) pick(room string, own bool) *client.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	var fit []*client.Event
	for _, e := range d.recent[room] {
		if !own || e.User == d.user {
			fit = append(fit, e)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return fit[d.dice.IntN(len(fit))]
}
