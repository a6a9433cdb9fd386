package shelf

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
)

// Bury keeps a delivery that was given up; one that is kept already stays as it
// is.
func (s *Shelf) Bury(ctx context.Context, id string, partition int, d Dead) error {
	_, err := s.save(ctx, subject.WebhookDead(id, partition, d.Room, d.After), d, d.Revision)
	if d.Revision == 0 && errors.Is(err, jetstream.ErrKeyExists) {
		return nil
	}
	return err
}

// Exhume takes it away: it was delivered after all, or there are too many.
func (s *Shelf) Exhume(ctx context.Context, id string, partition int, d Dead) error {
	return s.drop(ctx, subject.WebhookDead(id, partition, d.Room, d.After), d.Revision)
}

// Dead are the deliveries of a partition that were given up.
func (s *Shelf) Dead(ctx context.Context, id string, partition int) ([]Dead, error) {
	return s.dead(ctx, subject.WebhookDeadOf(id, partition))
}

// AllDead are those of all partitions, by room and seq.
func (s *Shelf) AllDead(ctx context.Context, id string) ([]Dead, error) {
	return s.dead(ctx, subject.AllWebhookDead(id))
}

func (s *Shelf) dead(ctx context.Context, keys string) ([]Dead, error) {
	var all []Dead
	err := s.all(ctx, keys, func(entry jetstream.KeyValueEntry) (bool, error) {
		d, err := dead(entry)
		all = append(all, d)
		return true, err
	})
	slices.SortFunc(all, func(a, b Dead) int {
		return cmp.Or(cmp.Compare(a.Room, b.Room), cmp.Compare(a.After, b.After))
	})
	return all, err
}

func dead(entry jetstream.KeyValueEntry) (Dead, error) {
	d := Dead{}
	err := decode(entry, &d)
	d.Revision = entry.Revision()
	return d, err
}

// FollowDead tells of the deliveries that were given up and shall be tried
// once more, until ctx ends or it breaks off.
func (s *Shelf) FollowDead(ctx context.Context, id string, partition int, tell func(Dead)) error {
	return s.follow(ctx, subject.WebhookDeadOf(id, partition), func(entry jetstream.KeyValueEntry) {
		if entry == nil || entry.Operation() != jetstream.KeyValuePut {
			return
		}
		if d, err := dead(entry); err == nil && d.Retry {
			tell(d)
		}
	})
}
