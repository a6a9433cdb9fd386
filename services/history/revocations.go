package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

const (
	// revocationsPart is how many are told at once.
	revocationsPart = 1000
	// revokeAttempts is how often a write is begun anew that another one came
	// before.
	revokeAttempts = 10
	// watchPause is how long to wait before the bucket is followed again.
	watchPause = time.Second
)

// revocations are the times before which users' tokens are void, as the bucket
// chat_revoked keeps them. Each replica holds all of them in memory, since
// every hello asks. Gateways hear of a write by the message that it is. Safe
// for concurrent use.
type revocations struct {
	bucket jetstream.KeyValue
	log    *slog.Logger

	mu      sync.RWMutex
	byUser  map[string]*chatv1.Revocation
	problem error // the bucket is not followed
}

// newRevocations makes the bucket, and reads it.
func newRevocations(ctx context.Context, js jetstream.JetStream, replicas int, log *slog.Logger) (*revocations, error) {
	bucket, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: subject.BucketRevoked, Description: "natter: from when on users' tokens hold", Replicas: replicas, Storage: jetstream.FileStorage,
	})
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", subject.BucketRevoked, err)
	}
	r := &revocations{bucket: bucket, log: log, byUser: map[string]*chatv1.Revocation{}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watcher, err := bucket.WatchAll(ctx)
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", subject.BucketRevoked, err)
	}
	defer func() { _ = watcher.Stop() }() // it has no more to say
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("read the bucket %s: %w", subject.BucketRevoked, context.Cause(ctx))
		case entry, open := <-watcher.Updates():
			if entry == nil {
				if !open {
					return nil, fmt.Errorf("read the bucket %s: it broke off", subject.BucketRevoked)
				}
				return r, nil
			}
			r.learn(entry)
		}
	}
}

// run follows what other replicas write, until ctx ends.
func (r *revocations) run(ctx context.Context) {
	for {
		err := r.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		r.failed(err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(watchPause):
		}
	}
}

// follow reads the bucket, all of it at first, until that breaks off.
func (r *revocations) follow(ctx context.Context) error {
	watcher, err := r.bucket.WatchAll(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Stop() }() // it may have ended by itself
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, open := <-watcher.Updates():
			switch {
			case !open:
				return errors.New("it broke off")
			case entry == nil: // all that was there is read
				r.failed(nil)
			default:
				r.learn(entry)
			}
		}
	}
}

func (r *revocations) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && r.problem == nil {
		r.log.Warn("revocations of other replicas are not heard; it is tried again", "error", err)
	}
	r.problem = err
}

// failing says why revocations may be missed here.
func (r *revocations) failing() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.problem != nil {
		return fmt.Errorf("the bucket %s is not followed: %w", subject.BucketRevoked, r.problem)
	}
	return nil
}

func (r *revocations) learn(entry jetstream.KeyValueEntry) {
	user, err := subject.ID(entry.Key())
	if err != nil || entry.Operation() != jetstream.KeyValuePut {
		return
	}
	before, err := strconv.ParseInt(string(entry.Value()), 10, 64)
	if err != nil {
		return
	}
	r.keep(user, before, entry.Revision())
}

func (r *revocations) keep(user string, before int64, revision uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.byUser[user]; old == nil || revision > old.GetRevision() {
		r.byUser[user] = &chatv1.Revocation{User: user, BeforeMs: before, Revision: revision}
	}
}

// revoke makes a user's tokens void that were issued before a time, Unix ms,
// and returns the time that holds: it only ever rises. What is so already is
// written again, so that gateways which did not hear of it do.
func (r *revocations) revoke(ctx context.Context, user string, before int64) (int64, error) {
	key := subject.RevokedUser(user)
	for range revokeAttempts {
		last := uint64(0)
		entry, err := r.bucket.Get(ctx, key)
		switch {
		case err == nil:
			last = entry.Revision()
			if old, err := strconv.ParseInt(string(entry.Value()), 10, 64); err == nil {
				before = max(before, old)
			}
		case !errors.Is(err, jetstream.ErrKeyNotFound):
			return 0, fmt.Errorf("bucket %s: %w", subject.BucketRevoked, err)
		}
		revision, err := r.write(ctx, key, before, last)
		switch {
		case err == nil:
			r.keep(user, before, revision)
			return before, nil
		case !errors.Is(err, jetstream.ErrKeyExists):
			return 0, fmt.Errorf("bucket %s: %w", subject.BucketRevoked, err)
		}
	}
	return 0, fmt.Errorf("bucket %s: others write the same user's time all the while", subject.BucketRevoked)
}

// write writes over the revision that was read; 0: there was none.
func (r *revocations) write(ctx context.Context, key string, before int64, last uint64) (uint64, error) {
	value := strconv.AppendInt(nil, before, 10)
	if last == 0 {
		return r.bucket.Create(ctx, key, value)
	}
	return r.bucket.Update(ctx, key, value, last)
}

// before is the time before which a user's tokens are void, Unix ms; 0: none are.
func (r *revocations) before(user string) int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byUser[user].GetBeforeMs()
}

// all are those of all users, by id.
func (r *revocations) all() []*chatv1.Revocation {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.SortedFunc(maps.Values(r.byUser), func(a, b *chatv1.Revocation) int { return cmp.Compare(a.GetUser(), b.GetUser()) })
}

// after are those that a gateway asks for. Who knows a later revision than
// there is knew another bucket, and is told all.
func (r *revocations) after(ask *chatv1.AskRevocations) *chatv1.Revocations {
	reply := &chatv1.Revocations{Revision: ask.GetAfter()}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if user := ask.GetUser(); user != "" {
		if known := r.byUser[user]; known.GetRevision() > ask.GetAfter() {
			reply.Revocations, reply.Revision = append(reply.Revocations, known), known.GetRevision()
		}
		return reply
	}
	after, newest := ask.GetAfter(), uint64(0)
	for _, known := range r.byUser {
		newest = max(newest, known.GetRevision())
	}
	if newest < after {
		after, reply.Revision = 0, newest
	}
	for _, known := range r.byUser {
		if known.GetRevision() > after {
			reply.Revocations = append(reply.Revocations, known)
		}
	}
	slices.SortFunc(reply.Revocations, func(a, b *chatv1.Revocation) int { return cmp.Compare(a.GetRevision(), b.GetRevision()) })
	if len(reply.Revocations) > revocationsPart {
		reply.Revocations = reply.Revocations[:revocationsPart]
	}
	if n := len(reply.Revocations); n > 0 {
		reply.Revision = reply.Revocations[n-1].GetRevision()
	}
	return reply
}
