package courier

import (
	"context"
	"slices"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/webhook"
	"github.com/natter-chat/natter/services/history/webhook/post"
	"github.com/natter-chat/natter/services/history/webhook/shelf"
)

// tryAgain makes one more attempt at a dead letter, with what its events say
// now. What fails stays, and is not asked for any more.
func (c *Courier) tryAgain(ctx context.Context, d shelf.Dead) {
	answer, made := c.redeliver(ctx, d)
	if ctx.Err() != nil {
		return // the next courier does
	}
	var err error
	if made && answer.Problem == "" {
		if err = c.Shelf.Exhume(ctx, c.Hook.ID, c.Partition, d); err == nil {
			c.buried(-1)
		}
	} else {
		d.Retry, d.Problem, d.Last = false, answer.Problem, time.Now()
		if made {
			d.Attempts++
		}
		err = c.Shelf.Bury(ctx, c.Hook.ID, c.Partition, d)
	}
	if err != nil {
		c.Logger.Warn("what came of a dead letter could not be kept", "webhook", c.Hook.ID, "room", d.Room, "error", err)
	}
}

// redeliver delivers a dead letter, in parts if it has to.
func (c *Courier) redeliver(ctx context.Context, d shelf.Dead) (answer post.Answer, made bool) {
	for after := d.After; after < d.Through; {
		head, epoch, events, err := c.Rooms.Events(ctx, d.Room, after, webhook.MaxEvents)
		if err != nil {
			return post.Answer{Problem: "natter could not read the events; retry it again"}, false
		}
		if head <= after || len(events) == 0 {
			break // nothing is left of it
		}
		through := d.Through
		events, through = batch(events, through)
		told := slices.DeleteFunc(slices.Clone(events), func(e *chatv1.Event) bool { return !c.selection.Event(e) })
		if len(told) > 0 {
			began := time.Now()
			answer = c.Post.Post(ctx, c.Hook.URL, c.Hook.Signing(began), webhook.Delivery{
				Webhook: c.Hook.ID, Room: d.Room, Epoch: epoch, After: after, Through: through, Attempt: d.Attempts + 1, Events: told,
			})
			c.Metrics.made(c.Hook.ID, answer, len(told), time.Since(began))
			if answer.Problem != "" {
				return answer, true
			}
		}
		after = through
	}
	return answer, true
}
