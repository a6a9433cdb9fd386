package history

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestFollowIsToldWhatIsPublished: a follower who waits asks nobody, and is
// told of an event by the event; one that is told of none finds it later.
func TestFollowIsToldWhatIsPublished(t *testing.T) {
	r := start(t, natstest.Start(t), t.TempDir())
	r.must(create("c1", "lobby", "ana"))
	f, err := r.follow("lobby", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.end()
	next := func(want uint32) {
		t.Helper()
		for got := f.after; got < want; got = f.after {
			events, err := f.next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range events {
				if e.GetSeq() != got+uint32(i)+1 {
					t.Fatalf("after %d came %v", got, events)
				}
			}
		}
	}
	next(1)
	for n := range uint32(20) {
		r.must(send(fmt.Sprint("s", n), "lobby", "ana", message(fmt.Sprint("m", n), "x", 1)))
		natstest.Eventually(t, time.Minute, "the follower is told", func() bool { return len(f.woken) == 1 || f.after == n+2 })
		next(n + 2)
	}
	if !f.live {
		t.Error("the store is asked still")
	}
	if err := f.told.Unsubscribe(); err != nil { // nobody tells it now
		t.Fatal(err)
	}
	r.must(send("deaf", "lobby", "ana", message("deaf", "x", 1)))
	next(22)
}

// TestFollowGoesOnWithoutAnOwner, from the store.
func TestFollowGoesOnWithoutAnOwner(t *testing.T) {
	server := natstest.Start(t)
	r := start(t, server, t.TempDir())
	r.must(create("c1", "lobby", "ana"))
	r.must(send("s1", "lobby", "ana", message("m1", "x", 1)))
	if err := r.caughtUpIn(t.Context(), subject.Partition("lobby", r.partitions)); err != nil {
		t.Fatal(err)
	}
	f, err := r.follow("lobby", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer f.end()
	f.live = true
	away := server.Connect(t, natsx.History)
	away.Close() // nobody answers it
	f.service = &Service{nc: away, store: r.store, partitions: r.partitions}
	if events, err := f.next(t.Context()); err != nil || len(events) != 1 || events[0].GetSeq() != 2 {
		t.Errorf("%v, %v", events, err)
	}
}

// TestFollowRefuses what is not there.
func TestFollowRefuses(t *testing.T) {
	r := start(t, natstest.Start(t), t.TempDir())
	stream, err := historyv1.NewMessagesClient(r.grpc(usersAdminToken)).Follow(t.Context(), &historyv1.FollowRequest{Room: "no-such-room"})
	if err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.NotFound {
		t.Errorf("a room that is not there: %v", err)
	}
}
