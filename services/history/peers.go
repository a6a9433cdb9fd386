package history

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
)

// peers tells which history replicas live, in the bucket chat_owners, and
// notices at once when one comes or goes in order. One that dies is noticed when
// its key has run out.
type peers struct {
	js       jetstream.JetStream
	replica  string
	replicas int // of the bucket
	// notReady is what this replica's announcement says beside that it lives.
	notReady func() []string

	// changed holds a token when there may be news.
	changed chan struct{}
	bucket  jetstream.KeyValue // nil until it answers
	watcher jetstream.KeyWatcher

	mu   sync.Mutex
	live []string
}

func newPeers(js jetstream.JetStream, replica string, replicas int, notReady func() []string) *peers {
	return &peers{js: js, replica: replica, replicas: replicas, notReady: notReady, changed: make(chan struct{}, 1)}
}

// announce says that this replica lives, and tells who does. The watch for
// changes goes on until life ends.
func (p *peers) announce(ctx, life context.Context) (live []string, err error) {
	defer func() {
		if err != nil {
			p.close() // it may be gone: a memory bucket does not outlive its server
		}
	}()
	if p.bucket == nil {
		if err := p.open(ctx, life); err != nil {
			return nil, err
		}
	}
	if _, err := p.bucket.PutString(ctx, subject.OwnerReplica(p.replica), announcement(p.replica, p.notReady())); err != nil {
		return nil, fmt.Errorf("announce this replica: %w", err)
	}
	keys, err := p.bucket.ListKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the replicas: %w", err)
	}
	for key := range keys.Keys() {
		if id, ok := replicaOf(key); ok {
			live = append(live, id)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("list the replicas: %w", err)
	}
	if !slices.Contains(live, p.replica) { // the list may be read where our own word has not arrived
		live = append(live, p.replica)
	}
	slices.Sort(live)
	p.mu.Lock()
	p.live = live
	p.mu.Unlock()
	return live, nil
}

func (p *peers) open(ctx, life context.Context) error {
	bucket, err := p.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: subject.BucketOwners, Description: "natter: who lives and who writes which partition",
		TTL: leaseTTL, Storage: jetstream.MemoryStorage, Replicas: p.replicas,
	})
	if err != nil {
		return fmt.Errorf("bucket %s: %w", subject.BucketOwners, err)
	}
	watcher, err := bucket.WatchAll(life, jetstream.UpdatesOnly())
	if err != nil {
		return fmt.Errorf("bucket %s: %w", subject.BucketOwners, err)
	}
	p.bucket, p.watcher = bucket, watcher
	go func() {
		for entry := range watcher.Updates() {
			if entry != nil && p.news(entry) {
				p.wake()
			}
		}
	}()
	return nil
}

// news tells whether a change in the bucket changes who should own what: a lease
// given back, a replica that left or came.
func (p *peers) news(entry jetstream.KeyValueEntry) bool {
	if entry.Operation() != jetstream.KeyValuePut {
		return true
	}
	id, ok := replicaOf(entry.Key())
	p.mu.Lock()
	defer p.mu.Unlock()
	return ok && !slices.Contains(p.live, id)
}

func replicaOf(key string) (string, bool) {
	prefix := strings.TrimSuffix(subject.OwnerReplica("x"), "x")
	token, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return "", false
	}
	id, err := subject.ID(token)
	return id, err == nil
}

func (p *peers) wake() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

func (p *peers) close() {
	if p.watcher != nil {
		_ = p.watcher.Stop()
	}
	p.bucket, p.watcher = nil, nil
}

// leave says that this replica is gone; the bucket is kept for what is given back.
func (p *peers) leave() {
	if p.bucket == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), renewalWait)
	defer cancel()
	_ = p.bucket.Delete(ctx, subject.OwnerReplica(p.replica))
}
