package history

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestLeaseRunsOutWithoutTheStore: an owner whose lease ran out, and that nobody
// followed, goes on with what it knows: it needs no store for that.
func TestLeaseRunsOutWithoutTheStore(t *testing.T) {
	server := natstest.Start(t)
	h := start(t, server, t.TempDir())
	h.must(create("c", "lobby", "ana"))
	p := subject.Partition("lobby", testPartitions)
	js, err := jetstream.New(server.Connect(t, natsx.History))
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := js.KeyValue(t.Context(), subject.BucketOwners)
	if err != nil {
		t.Fatal(err)
	}
	own := h.owners.ownership(p)
	before := own.lease.renewed.Load()
	if err := bucket.Delete(t.Context(), subject.OwnerPartition(p)); err != nil {
		t.Fatal(err)
	}
	natstest.Eventually(t, 20*time.Second, "the lease is held again", func() bool {
		entry, err := bucket.Get(t.Context(), subject.OwnerPartition(p))
		return err == nil && string(entry.Value()) == h.replica && own.lease.holds() && own.lease.renewed.Load() > before
	})
	if got := h.must(send("s", "lobby", "ana", message("m", "hello", 1))).GetSeq(); got != 2 {
		t.Errorf("seq %d, want 2", got)
	}
	if h.owners.ownership(p) != own {
		t.Error("the writer was started anew, which needs the store")
	}
}

// TestLostAnswerToALeaseTakenAgain: a lease that has run out, and is there again
// with a revision that its owner never heard of, may have been another's between.
func TestLostAnswerToALeaseTakenAgain(t *testing.T) {
	server := natstest.Start(t)
	h := start(t, server, t.TempDir())
	h.must(create("c", "lobby", "ana"))
	p := subject.Partition("lobby", testPartitions)
	js, err := jetstream.New(server.Connect(t, natsx.History))
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := js.KeyValue(t.Context(), subject.BucketOwners)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), subject.LogStream(p))
	if err != nil {
		t.Fatal(err)
	}
	before, own := stream.CachedInfo().State.LastSeq, h.owners.ownership(p)
	natstest.Eventually(t, 20*time.Second, "the owner asks the log", func() bool {
		if _, err := bucket.PutString(t.Context(), subject.OwnerPartition(p), h.replica); err != nil {
			t.Fatal(err)
		}
		own.lease.renewed.Store(1) // long ago
		info, err := stream.Info(t.Context())
		return err == nil && info.State.LastSeq > before
	})
	natstest.Eventually(t, 20*time.Second, "the lease is held again", own.lease.holds)
	if h.owners.ownership(p) != own {
		t.Error("the writer was started anew")
	}
}
