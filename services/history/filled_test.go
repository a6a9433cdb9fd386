package history

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestTheStoreGetsPastALostAppend: where an append is lost, an empty record
// stands in its place. A store that did not get past it would seem to be behind
// until somebody wrote again, and an export or an erasure would wait for that.
func TestTheStoreGetsPastALostAppend(t *testing.T) {
	server := natstest.Start(t)
	lossy := &losing{Server: server, from: "HPUB chat.log.", to: "HPUB chat.evt."}
	var tries atomic.Int32 // since the deadline was set
	var deadline atomic.Int64
	h := start(t, server, t.TempDir(), func(s *Service) {
		s.dial = dialerOf(server, lossy)
		s.attempts = func() time.Duration {
			if until := deadline.Load(); until > 0 {
				switch tries.Add(1) {
				case 1:
					lossy.losses.Store(1)
					return 0
				case 2: // what settles it; the command must not be decided anew after that
					<-time.After(time.Until(time.UnixMilli(until + 1)))
				}
			}
			return 10 * time.Second
		}
	})
	h.must(create("c", "lobby", "ana"))
	p := subject.Partition("lobby", testPartitions)
	own := h.owners.ownership(p)
	js, err := jetstream.New(server.Connect(t, natsx.History))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), subject.LogStream(p))
	if err != nil {
		t.Fatal(err)
	}
	before := stream.CachedInfo().State.LastSeq
	lost := send("s", "lobby", "ana", message("m", "text", 1))
	lost.DeadlineMs = time.Now().Add(5 * time.Second).UnixMilli()
	data, err := proto.Marshal(lost)
	if err != nil {
		t.Fatal(err)
	}
	deadline.Store(lost.GetDeadlineMs())
	// A command past its deadline has no answer.
	if msg, err := h.gateway.Request(subject.Command(p), data, 7*time.Second); err == nil {
		t.Fatalf("a command past its deadline is answered: %v", msg)
	}
	natstest.Eventually(t, time.Minute, "the append is settled", func() bool {
		info, err := stream.Info(t.Context())
		return err == nil && info.State.LastSeq > before
	})
	info, err := stream.Info(t.Context())
	if err != nil || info.State.LastSeq != before+1 {
		t.Fatalf("the log goes to %d, %v; want %d, where an empty record stands", info.State.LastSeq, err, before+1)
	}
	natstest.Eventually(t, time.Minute, "the store has what the log has", func() bool {
		info, err := stream.Info(t.Context())
		if err != nil {
			return false
		}
		at, err := h.store.Position(t.Context(), p)
		return err == nil && at.Sequence == info.State.LastSeq
	})
	if h.owners.ownership(p) != own {
		t.Error("another owner came: this test shows nothing")
	}
	isFold(t, server, h.partitions, h.store)
}
