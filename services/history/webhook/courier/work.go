package courier

import (
	"context"
	"slices"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/webhook"
	"github.com/natter-chat/natter/services/history/webhook/ledger"
	"github.com/natter-chat/natter/services/history/webhook/post"
	"github.com/natter-chat/natter/services/history/webhook/shelf"
)

const (
	// askAgain is how long to wait where natter itself could not do its part.
	askAgain = time.Second
	// writeWithin bounds a write to the bucket.
	writeWithin = 5 * time.Second
)

// worked is a room that comes back.
type worked struct {
	room    ledger.Room
	outcome ledger.Outcome
	ended   bool
}

// work makes one delivery of a room, and writes down how far it is then.
func (c *Courier) work(ctx context.Context, r ledger.Room) worked {
	head, epoch, events, err := c.Rooms.Events(ctx, r.Room, r.After, webhook.MaxEvents)
	if err == nil && head <= r.After {
		return c.upToDate(ctx, r, head)
	}
	if err != nil || len(events) == 0 {
		r.Due = time.Now().Add(askAgain)
		return worked{room: r}
	}
	r.Since = time.UnixMilli(events[0].GetTimeMs())
	events, through := batch(events, r.Through)
	told := slices.DeleteFunc(slices.Clone(events), func(e *chatv1.Event) bool { return !c.selection.Event(e) })
	if len(told) == 0 {
		r.Taken(through)
		return c.wrote(ctx, r, ledger.Skipped, through >= head)
	}
	began := time.Now()
	answer := c.Post.Post(ctx, c.Hook.URL, c.Hook.Signing(began), webhook.Delivery{
		Webhook: c.Hook.ID, Room: r.Room, Epoch: epoch, After: r.After, Through: through, Attempt: r.Attempts + 1, Events: told,
	})
	if ctx.Err() != nil {
		return worked{room: r} // the next courier makes it
	}
	c.Metrics.made(c.Hook.ID, answer, len(told), time.Since(began))
	if answer.Problem == "" {
		r.Taken(through)
		return c.wrote(ctx, r, ledger.Passed, through >= head)
	}
	return c.refused(ctx, r, through, answer)
}

// batch is the events of the next delivery: those up to through, if that is
// fixed, or as many as go together.
func batch(events []*chatv1.Event, through uint32) ([]*chatv1.Event, uint32) {
	if through == 0 {
		events = webhook.Batch(events)
		return events, events[len(events)-1].GetSeq()
	}
	n := slices.IndexFunc(events, func(e *chatv1.Event) bool { return e.GetSeq() > through })
	if n >= 0 {
		return events[:n], through
	}
	return events, min(through, events[len(events)-1].GetSeq())
}

// refused counts a failure, and gives the delivery up if it has failed for too
// long.
func (c *Courier) refused(ctx context.Context, r ledger.Room, through uint32, a post.Answer) worked {
	if a.Gone() {
		if err := c.Disable(ctx, "the receiver answered 410 Gone", false); err != nil {
			c.Logger.Warn("a webhook could not be disabled, trying again", "webhook", c.Hook.ID, "error", err)
		}
		r.Due = time.Now().Add(askAgain)
		return worked{room: r}
	}
	giveUp := c.Policy.Failed(&r, through, ledger.Failure{Problem: a.Problem, RetryAfter: a.RetryAfter}, time.Now())
	c.Logger.Debug("a delivery failed", "webhook", c.Hook.ID, "room", r.Room, "after", r.After, "attempts", r.Attempts, "problem", r.Problem)
	if giveUp && c.bury(ctx, r) == nil {
		r.Taken(through)
		r.Due = time.Now()
	}
	return c.wrote(ctx, r, ledger.Refused, false)
}

// wrote writes down how far a room is, where it has a place or needs one. What
// could not be written was delivered all the same, and may be again.
func (c *Courier) wrote(ctx context.Context, r ledger.Room, o ledger.Outcome, ended bool) worked {
	// A write that is cut off may have been made all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	switch {
	case r.Revision == 0 && o != ledger.Refused:
		return worked{r, o, ended}
	case ended && r.Target > r.After:
		// The log told of more than the owner knows yet, and the record may be
		// acked: the place stays.
		return worked{r, o, true}
	case ended:
		if err := c.Shelf.DropRoom(ctx, c.Hook.ID, c.Partition, r); err != nil {
			return c.unwritten(r, o, err)
		}
		r.Revision = 0
		return worked{r, o, true}
	}
	revision, err := c.Shelf.KeepRoom(ctx, c.Hook.ID, c.Partition, r)
	if err != nil {
		return c.unwritten(r, o, err)
	}
	r.Revision = revision
	return worked{r, o, false}
}

// unwritten goes on without a place: whether there is one, and which, nobody
// knows.
func (c *Courier) unwritten(r ledger.Room, o ledger.Outcome, err error) worked {
	c.Logger.Warn("a webhook's place could not be kept, trying again", "webhook", c.Hook.ID, "room", r.Room, "error", err)
	r.Revision = 0
	r.Due = later(r.Due, time.Now().Add(askAgain))
	return worked{r, o, false}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// upToDate is a room of which its owner knows nothing more. Where the past
// changed it may know less.
func (c *Courier) upToDate(ctx context.Context, r ledger.Room, head uint32) worked {
	if head < r.After {
		r.Taken(head)
	}
	return c.wrote(ctx, r, ledger.Skipped, true)
}

// bury keeps a delivery as a dead letter, in the place of the oldest one if
// there are too many.
func (c *Courier) bury(ctx context.Context, r ledger.Room) error {
	now := time.Now()
	d := shelf.Dead{Room: r.Room, After: r.After, Through: r.Through, Attempts: r.Attempts, First: r.First, Last: now, Problem: r.Problem}
	if c.buried(0) >= MaxDead {
		c.makeRoom(ctx)
	}
	if err := c.Shelf.Bury(ctx, c.Hook.ID, c.Partition, d); err != nil {
		c.Logger.Warn("a dead letter could not be kept, the delivery is tried on", "webhook", c.Hook.ID, "room", r.Room, "error", err)
		return err
	}
	c.buried(1)
	c.Metrics.gaveUp(c.Hook.ID)
	c.Logger.Error("a delivery was given up; see: natterctl webhook dead", "webhook", c.Hook.ID, "room", r.Room, "after", r.After, "through", r.Through, "attempts", r.Attempts, "problem", r.Problem)
	return nil
}

// makeRoom drops the oldest dead letter.
func (c *Courier) makeRoom(ctx context.Context) {
	all, err := c.Shelf.Dead(ctx, c.Hook.ID, c.Partition)
	if err != nil || len(all) < MaxDead {
		return
	}
	oldest := slices.MinFunc(all, func(a, b shelf.Dead) int { return a.Last.Compare(b.Last) })
	if c.Shelf.Exhume(ctx, c.Hook.ID, c.Partition, oldest) == nil {
		c.buried(-1)
		c.Metrics.dropped(c.Hook.ID)
		c.Logger.Error("a dead letter was dropped: there are too many", "webhook", c.Hook.ID, "room", oldest.Room, "after", oldest.After, "through", oldest.Through)
	}
}
