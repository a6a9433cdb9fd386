// Package shelf keeps webhooks in the bucket chat_webhooks: what they are, how
// far they are, what of them waits and what was given up. What is written over
// is known by its revision, so of two writers one fails.
package shelf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
)

const (
	// wait bounds one write or read.
	wait = 5 * time.Second
	// markerFor is how long the bucket remembers that a key was deleted.
	markerFor = 5 * time.Minute
)

// ErrNotFound says that there is no such key.
var ErrNotFound = errors.New("webhooks: there is none")

// Shelf is the bucket. Safe for concurrent use.
type Shelf struct{ bucket jetstream.KeyValue }

// Open makes the bucket where there is none.
func Open(ctx context.Context, js jetstream.JetStream, replicas int) (*Shelf, error) {
	bucket, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: subject.BucketWebhooks, Description: "natter: who is told what happens in rooms, and how far", Replicas: replicas,
		Storage: jetstream.FileStorage, LimitMarkerTTL: time.Hour,
	})
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", subject.BucketWebhooks, err)
	}
	return &Shelf{bucket: bucket}, nil
}

// save writes a value over a revision, 0: where there is none.
func (s *Shelf) save(ctx context.Context, key string, value any, revision uint64) (uint64, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if revision == 0 {
		revision, err = s.bucket.Create(ctx, key, data)
	} else {
		revision, err = s.bucket.Update(ctx, key, data, revision)
	}
	if err != nil {
		return 0, fmt.Errorf("keep %s: %w", key, err)
	}
	return revision, nil
}

// drop deletes a key of a revision. One that is gone is dropped.
func (s *Shelf) drop(ctx context.Context, key string, revision uint64) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if err := s.bucket.Purge(ctx, key, jetstream.LastRevision(revision), jetstream.PurgeTTL(markerFor)); err != nil {
		return fmt.Errorf("drop %s: %w", key, err)
	}
	return nil
}

// get reads a key into value, or ErrNotFound.
func (s *Shelf) get(ctx context.Context, key string, value any) (revision uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	entry, err := s.bucket.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", key, err)
	}
	return entry.Revision(), decode(entry, value)
}

func decode(entry jetstream.KeyValueEntry, value any) error {
	if err := json.Unmarshal(entry.Value(), value); err != nil {
		return fmt.Errorf("read %s: %w", entry.Key(), err)
	}
	return nil
}

// all hands over what keys hold now, until do has enough.
func (s *Shelf) all(ctx context.Context, keys string, do func(jetstream.KeyValueEntry) (more bool, err error)) error {
	watcher, err := s.bucket.Watch(ctx, keys, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("read %s: %w", keys, err)
	}
	defer func() { _ = watcher.Stop() }() // it has no more to say
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case entry, open := <-watcher.Updates():
			if entry == nil {
				if !open {
					return fmt.Errorf("read %s: it broke off", keys)
				}
				return nil
			}
			if more, err := do(entry); err != nil || !more {
				return err
			}
		}
	}
}

// follow hands over what keys hold and what is written to them from now on,
// until ctx ends or it breaks off; nil entry: all that was there is told.
func (s *Shelf) follow(ctx context.Context, keys string, do func(jetstream.KeyValueEntry)) error {
	watcher, err := s.bucket.Watch(ctx, keys)
	if err != nil {
		return fmt.Errorf("follow %s: %w", keys, err)
	}
	defer func() { _ = watcher.Stop() }() // it may have ended by itself
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, open := <-watcher.Updates():
			if !open {
				return fmt.Errorf("follow %s: it broke off", keys)
			}
			do(entry)
		}
	}
}
