package history

import (
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestStopWhileAnAckIsLost: an owner that is told to stop while its append has no
// answer settles that, and ends.
func TestStopWhileAnAckIsLost(t *testing.T) {
	server := natstest.Start(t)
	lossy := &losing{Server: server, from: "HPUB chat.log.", to: "HPUB chat.evt."}
	var lose atomic.Bool
	lost := make(chan struct{})
	h := start(t, server, t.TempDir(), func(s *Service) {
		s.dial = dialerOf(server, lossy)
		s.attempts = func() time.Duration {
			if lose.CompareAndSwap(true, false) {
				lossy.losses.Store(1)
				close(lost)
				return 2 * time.Second
			}
			return attemptTimeout
		}
	})
	h.must(create("c", "lobby", "ana"))
	// Where the message goes in place of the log somebody listens: or NATS would
	// say at once that nobody does.
	listener := server.Connect(t, natsx.Gateway)
	if _, err := listener.SubscribeSync("chat.evt.*"); err != nil {
		t.Fatal(err)
	}
	if err := listener.Flush(); err != nil {
		t.Fatal(err)
	}
	lose.Store(true)
	data, err := proto.Marshal(send("s", "lobby", "ana", message("m", "text", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.gateway.PublishRequest(subject.Command(subject.Partition("lobby", h.partitions)), h.gateway.NewInbox(), data); err != nil {
		t.Fatal(err)
	}
	<-lost
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		h.stop()
	}()
	select {
	case <-stopped:
	case <-time.After(time.Minute):
		t.Fatal("it never stops")
	}
}
