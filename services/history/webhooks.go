package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/webhook"
	"github.com/natter-chat/natter/services/history/webhook/courier"
	"github.com/natter-chat/natter/services/history/webhook/ledger"
	"github.com/natter-chat/natter/services/history/webhook/post"
	"github.com/natter-chat/natter/services/history/webhook/shelf"
)

// webhooks are who is told what happens in rooms. All replicas know all of
// them; deliveries are made by the owner of a room's partition. Safe for
// concurrent use.
type webhooks struct {
	shelf     *shelf.Shelf
	post      *post.Client
	addresses webhook.Addresses
	policy    ledger.Policy
	rooms     courier.Rooms
	metrics   *courier.Metrics
	log       *slog.Logger

	mu      sync.Mutex
	known   map[string]shelf.Hook // nil until they are read
	changed chan struct{}         // closed when they change
	problem error                 // the bucket is not followed
}

// newWebhooks has no shelf yet: open sets it.
func (s *Service) newWebhooks(reg prometheus.Registerer) (*webhooks, error) {
	addresses, err := webhook.ParseAddresses(s.cfg.WebhookAllow)
	if err != nil {
		return nil, err
	}
	m, err := courier.NewMetrics(reg)
	if err != nil {
		return nil, err
	}
	return &webhooks{
		post: post.New(addresses), addresses: addresses, rooms: liveRooms{s}, metrics: m, log: s.log, changed: make(chan struct{}),
		policy: ledger.Policy{Backoff: webhook.DefaultBackoff(), RetryFor: s.cfg.WebhookRetryFor, Part: rand.Float64},
	}, nil
}

// run follows what webhooks there are, until ctx ends.
func (h *webhooks) run(ctx context.Context) {
	defer h.post.Close()
	for {
		err := h.shelf.FollowHooks(ctx, h.learn)
		if ctx.Err() != nil {
			return
		}
		h.failed(err)
		if sleep(ctx, watchPause) != nil {
			return
		}
	}
}

func (h *webhooks) learn(known map[string]shelf.Hook) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known, h.problem = known, nil
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *webhooks) failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.problem == nil {
		h.log.Warn("changes of webhooks are not heard; it is tried again", "error", err)
	}
	h.problem = err
}

// failing says why changes of webhooks may be missed here.
func (h *webhooks) failing() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.problem != nil {
		return fmt.Errorf("the bucket %s is not followed: %w", subject.BucketWebhooks, h.problem)
	}
	return nil
}

// now is what webhooks there are, nil until they are read, and what is closed
// when they change.
func (h *webhooks) now() (map[string]shelf.Hook, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.known, h.changed
}

// round is one webhook's courier in one partition.
type round struct {
	revision uint64
	stop     context.CancelFunc
	ended    chan struct{}
}

func (r *round) end() {
	r.stop()
	<-r.ended
}

// serve delivers a partition's events to all webhooks, until ctx ends: then
// the partition is another's.
func (h *webhooks) serve(ctx context.Context, partition int, log func(context.Context) (jetstream.Stream, error)) {
	rounds := map[string]*round{}
	defer func() {
		for _, r := range rounds {
			r.stop()
		}
		for _, r := range rounds {
			r.end()
		}
	}()
	for {
		hooks, changed := h.now()
		for id, r := range rounds {
			if hook := hooks[id]; !hook.Enabled() || hook.Revision != r.revision {
				r.end()
				delete(rounds, id)
			}
		}
		if hooks != nil {
			h.sweep(ctx, partition, log, hooks)
		}
		for id, hook := range hooks {
			if hook.Enabled() && rounds[id] == nil && partition < len(hook.Starts) {
				rounds[id] = h.start(ctx, partition, log, hook)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// start runs a courier beside, again and again until it is stopped.
func (h *webhooks) start(ctx context.Context, partition int, log func(context.Context) (jetstream.Stream, error), hook shelf.Hook) *round {
	ctx, stop := context.WithCancel(ctx)
	r := &round{revision: hook.Revision, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		for try := 0; ctx.Err() == nil; try++ {
			err := h.deliver(ctx, partition, log, hook)
			if ctx.Err() != nil {
				return
			}
			h.log.Warn("deliveries of a webhook broke off, going on", "webhook", hook.ID, "partition", partition, "error", err)
			_ = sleep(ctx, min(time.Duration(try+1)*200*time.Millisecond, 5*time.Second))
		}
	}()
	return r
}

func (h *webhooks) deliver(ctx context.Context, partition int, log func(context.Context) (jetstream.Stream, error), hook shelf.Hook) error {
	stream, err := log(ctx)
	if err != nil {
		return err
	}
	return courier.New(courier.Config{
		Hook: hook, Partition: partition, Log: stream, Shelf: h.shelf, Post: h.post, Rooms: h.rooms, Policy: h.policy, Metrics: h.metrics, Logger: h.log,
		Disable: func(ctx context.Context, because string, gap bool) error {
			return h.disable(ctx, hook.ID, because, gap)
		},
	}).Run(ctx)
}

// disable ends deliveries, unless they are ended.
func (h *webhooks) disable(ctx context.Context, id, because string, gap bool) error {
	_, err := h.shelf.Change(ctx, id, func(hook *shelf.Hook) error {
		hook.Gap = hook.Gap || gap
		if hook.Enabled() {
			hook.Disabled = because
		}
		return nil
	})
	if errors.Is(err, shelf.ErrNotFound) {
		return nil
	}
	if err == nil {
		h.log.Error("a webhook is disabled", "webhook", id, "because", because)
	}
	return err
}

// sweep takes away what is kept in a partition of webhooks that are no more.
func (h *webhooks) sweep(ctx context.Context, partition int, log func(context.Context) (jetstream.Stream, error), hooks map[string]shelf.Hook) {
	places, err := h.shelf.Places(ctx, partition)
	for id, place := range places {
		if _, known := hooks[id]; known {
			continue
		}
		if _, gone := h.shelf.Hook(ctx, id); !errors.Is(gone, shelf.ErrNotFound) {
			continue // made a moment ago
		}
		stream, openErr := log(ctx)
		if openErr != nil {
			err = openErr
			break
		}
		err = errors.Join(err, courier.Remove(ctx, stream, place.Consumer), courier.Remove(ctx, stream, place.Previous), h.shelf.Forget(ctx, id, partition))
	}
	if err != nil && ctx.Err() == nil {
		h.log.Warn("what is left of deleted webhooks could not be taken away", "partition", partition, "error", err)
	}
}

// beforePurge disables the webhooks that have yet to be told of records before
// a sequence, which are about to leave a partition's log.
func (h *webhooks) beforePurge(ctx context.Context, partition int, log jetstream.Stream, keep uint64) error {
	hooks, err := h.shelf.Hooks(ctx)
	if err != nil {
		return err
	}
	for _, hook := range hooks {
		if hook.Gap || partition >= len(hook.Starts) {
			continue
		}
		start, err := h.standing(ctx, hook, partition, log)
		if err != nil {
			return err
		}
		if start.Stream == log.CachedInfo().Created.UnixNano() && start.Sequence < keep {
			lost := &courier.GapError{Partition: partition, From: start.Sequence, To: keep - 1}
			if err := h.disable(ctx, hook.ID, lost.Error(), true); err != nil {
				return err
			}
		}
	}
	return nil
}

// standing is where a webhook's deliveries stand in a partition's log.
func (h *webhooks) standing(ctx context.Context, hook shelf.Hook, partition int, log jetstream.Stream) (shelf.Start, error) {
	place, err := h.shelf.Place(ctx, hook.ID, partition)
	if err != nil {
		return shelf.Start{}, err
	}
	if place.Revision == 0 {
		return hook.Starts[partition], nil
	}
	return courier.Standing(ctx, log, place)
}
