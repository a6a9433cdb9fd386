package shelf

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
)

// changes is how often a change is begun anew that another one came before.
const changes = 10

// Add keeps a new webhook.
func (s *Shelf) Add(ctx context.Context, h Hook) error {
	_, err := s.save(ctx, subject.Webhook(h.ID), h, 0)
	return err
}

// Hook is a webhook, or ErrNotFound.
func (s *Shelf) Hook(ctx context.Context, id string) (Hook, error) {
	var h Hook
	revision, err := s.get(ctx, subject.Webhook(id), &h)
	h.Revision = revision
	return h, err
}

// Hooks are all webhooks, the oldest first.
func (s *Shelf) Hooks(ctx context.Context) ([]Hook, error) {
	var all []Hook
	err := s.all(ctx, subject.AllWebhooks, func(entry jetstream.KeyValueEntry) (bool, error) {
		h := Hook{Revision: entry.Revision()}
		all = append(all, h)
		return true, decode(entry, &all[len(all)-1])
	})
	sortHooks(all)
	return all, err
}

func sortHooks(all []Hook) {
	slices.SortFunc(all, func(a, b Hook) int { return a.Created.Compare(b.Created) })
}

// Change changes a webhook as do says, or not if do fails; ErrNotFound if there
// is none.
func (s *Shelf) Change(ctx context.Context, id string, do func(*Hook) error) (Hook, error) {
	for try := 0; ; try++ {
		h, err := s.Hook(ctx, id)
		if err != nil {
			return h, err
		}
		if err := do(&h); err != nil {
			return h, err
		}
		h.Updated = time.Now()
		h.Revision, err = s.save(ctx, subject.Webhook(id), h, h.Revision)
		if err == nil || !errors.Is(err, jetstream.ErrKeyExists) || try == changes {
			return h, err
		}
	}
}

// Remove deletes a webhook; what is kept of it otherwise, the owners of the
// partitions do.
func (s *Shelf) Remove(ctx context.Context, id string) error {
	h, err := s.Hook(ctx, id)
	if err != nil {
		return err
	}
	return s.drop(ctx, subject.Webhook(id), h.Revision)
}

// FollowHooks tells of all webhooks, and again at each change, until ctx ends
// or it breaks off.
func (s *Shelf) FollowHooks(ctx context.Context, tell func(map[string]Hook)) error {
	known, told := map[string]Hook{}, false
	return s.follow(ctx, subject.AllWebhooks, func(entry jetstream.KeyValueEntry) {
		switch {
		case entry == nil:
			told = true
		case entry.Operation() == jetstream.KeyValuePut:
			h := Hook{Revision: entry.Revision()}
			if decode(entry, &h) != nil {
				return
			}
			known[entry.Key()] = h
		default:
			delete(known, entry.Key())
		}
		if !told {
			return
		}
		all := map[string]Hook{}
		for _, h := range known {
			all[h.ID] = h
		}
		tell(all)
	})
}
