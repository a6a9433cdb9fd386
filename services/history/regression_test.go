package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

func TestLeaseHoldsFromItsFirstMoment(t *testing.T) {
	sent := time.Now()
	l := newLease(sent)
	if l.holds() {
		t.Error("a lease that was never given holds")
	}
	l.renew(sent)
	if !l.holds() {
		t.Error("the first lease does not hold")
	}
}

// TestRecentEventsAreCountedAsKept: the count decides what is dropped from
// memory, so it must not grow for ever.
func TestRecentEventsAreCountedAsKept(t *testing.T) {
	var r recent
	kept := 0
	for n := range 20 * recentEvents {
		kept += r.add(&chatv1.Event{Room: "r", Seq: uint32(n + 1)})
	}
	if kept != len(r.events) {
		t.Errorf("counted %d, kept %d", kept, len(r.events))
	}
}

// TestViewsOfManyLongLastMessages: one reply carries no more than NATS takes.
func TestViewsOfManyLongLastMessages(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	var rooms []*chatv1.RoomPosition
	for n := 0; len(rooms) < 80; n++ {
		id := fmt.Sprint("room-", n)
		if subject.Partition(id, h.partitions) != 0 {
			continue
		}
		rooms = append(rooms, &chatv1.RoomPosition{Room: id})
		h.must(create(id, id, "ana"))
		h.must(send("s"+id, id, "ana", message("m", strings.Repeat("x", 16<<10), 1)))
	}
	views := h.ask(rooms[0].GetRoom(), &chatv1.Ask{Question: &chatv1.Ask_Views{Views: &chatv1.AskViews{User: "ana", Rooms: rooms}}}).GetViews().GetViews()
	if len(views) != len(rooms) {
		t.Fatalf("%d views of %d rooms", len(views), len(rooms))
	}
	for _, v := range views {
		if v.GetRefusal() != nil || v.GetView().GetHead() != 2 {
			t.Errorf("%v", v)
		}
	}
}

// TestTooManySendsAreRefused: they would make a record that no server takes.
func TestTooManySendsAreRefused(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	h.must(create("c", "lobby", "ana"))
	var sends []*chatv1.Send
	for n := range 65 {
		sends = append(sends, message(fmt.Sprint(n), "x", 1))
	}
	if got := h.do(send("s", "lobby", "ana", sends...)).GetRefusal().GetCode(); got != chatv1.ErrorCode_BAD_REQUEST {
		t.Errorf("65 sends: %v, want BAD_REQUEST", got)
	}
}

// TestAckIsRepeatedToTheBanned: what was acked is acked again.
func TestAckIsRepeatedToTheBanned(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	h.must(create("c", "lobby", "ana"))
	h.must(join("j", "lobby", "bo"))
	first := h.must(send("s1", "lobby", "bo", message("m", "x", 1)))
	h.must(command("b", "lobby", "ana", func(c *chatv1.Command) { c.Change = &chatv1.Command_Ban{Ban: &chatv1.Ban{User: "bo"}} }))
	if got := h.must(send("s2", "lobby", "bo", message("m", "x", 2))); !got.GetDuplicate() || got.GetSeq() != first.GetSeq() {
		t.Errorf("%v, want a duplicate of %v", got, first)
	}
}

// TestOneEpochForAllPartitions: one log is lost; every partition goes on under
// the new epoch, and no seq is used twice.
func TestOneEpochForAllPartitions(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	h := start(t, server, dir)
	rooms := map[int]string{}
	for n := 0; len(rooms) < h.partitions; n++ {
		id := fmt.Sprint("room-", n)
		if p := subject.Partition(id, h.partitions); rooms[p] == "" {
			rooms[p] = id
			h.must(create(id, id, "ana"))
		}
	}
	before := h.epoch.Load()
	h.stop()
	js, err := jetstream.New(server.Connect(t, natsx.Operator))
	if err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream(t.Context(), subject.LogStream(2)); err != nil {
		t.Fatal(err)
	}
	h = start(t, server, dir)
	for p, room := range rooms {
		if got := h.must(send("s"+room, room, "ana", message("m", "x", 1))); got.GetSeq() != 2 {
			t.Errorf("partition %d goes on with seq %d, want 2", p, got.GetSeq())
		}
		reply := h.ask(room, &chatv1.Ask{Question: &chatv1.Ask_Heads{Heads: &chatv1.AskHeads{Rooms: []string{room}}}})
		if reply.GetEpoch() <= before || reply.GetEpoch() != h.epoch.Load() {
			t.Errorf("partition %d answers with epoch %d; it was %d and is %d", p, reply.GetEpoch(), before, h.epoch.Load())
		}
	}
}
