package shelf

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/webhook/ledger"
)

// Place is how a webhook follows a partition's log; one without a revision
// where it does not yet.
func (s *Shelf) Place(ctx context.Context, id string, partition int) (Place, error) {
	var p Place
	revision, err := s.get(ctx, subject.WebhookPlace(id, partition), &p)
	if errors.Is(err, ErrNotFound) {
		return Place{}, nil
	}
	p.Revision = revision
	return p, err
}

// KeepPlace writes a place over the one that was read.
func (s *Shelf) KeepPlace(ctx context.Context, id string, partition int, p Place) (Place, error) {
	revision, err := s.save(ctx, subject.WebhookPlace(id, partition), p, p.Revision)
	p.Revision = revision
	return p, err
}

// Places are those of all webhooks in a partition, by id; also of some that are
// no more.
func (s *Shelf) Places(ctx context.Context, partition int) (map[string]Place, error) {
	all := map[string]Place{}
	err := s.all(ctx, subject.WebhookPlaces(partition), func(entry jetstream.KeyValueEntry) (bool, error) {
		p := Place{Revision: entry.Revision()}
		id, err := subject.ID(strings.Split(entry.Key(), ".")[1])
		if err == nil {
			err = decode(entry, &p)
		}
		all[id] = p
		return true, err
	})
	return all, err
}

// Forget deletes what is kept of a webhook in a partition.
func (s *Shelf) Forget(ctx context.Context, id string, partition int) error {
	for _, keys := range []string{subject.WebhookRooms(id, partition), subject.WebhookDeadOf(id, partition), subject.WebhookPlace(id, partition)} {
		err := s.all(ctx, keys, func(entry jetstream.KeyValueEntry) (bool, error) {
			return true, s.drop(ctx, entry.Key(), entry.Revision())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Rooms are those of a partition of which deliveries wait.
func (s *Shelf) Rooms(ctx context.Context, id string, partition int) ([]ledger.Room, error) {
	return s.rooms(ctx, subject.WebhookRooms(id, partition), 0)
}

// AllRooms are those of which deliveries wait, at most so many.
func (s *Shelf) AllRooms(ctx context.Context, id string, most int) ([]ledger.Room, error) {
	return s.rooms(ctx, subject.AllWebhookRooms(id), most)
}

func (s *Shelf) rooms(ctx context.Context, keys string, most int) ([]ledger.Room, error) {
	var all []ledger.Room
	err := s.all(ctx, keys, func(entry jetstream.KeyValueEntry) (bool, error) {
		all = append(all, ledger.Room{})
		r := &all[len(all)-1]
		err := decode(entry, r)
		r.Revision = entry.Revision()
		return most == 0 || len(all) < most, err
	})
	return all, err
}

// KeepRoom gives a room a place, or writes over the one that it has. Where
// another courier left one after it had lost the partition, that one is
// written over.
func (s *Shelf) KeepRoom(ctx context.Context, id string, partition int, r ledger.Room) (revision uint64, err error) {
	key := subject.WebhookRoom(id, partition, r.Room)
	revision, err = s.save(ctx, key, r, r.Revision)
	if r.Revision > 0 || !errors.Is(err, jetstream.ErrKeyExists) {
		return revision, err
	}
	var left ledger.Room
	if r.Revision, err = s.get(ctx, key, &left); err != nil {
		return 0, fmt.Errorf("keep %s: %w", key, err)
	}
	return s.save(ctx, key, r, r.Revision)
}

// DropRoom takes a room's place away: it is up to date.
func (s *Shelf) DropRoom(ctx context.Context, id string, partition int, r ledger.Room) error {
	return s.drop(ctx, subject.WebhookRoom(id, partition, r.Room), r.Revision)
}
