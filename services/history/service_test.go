package history

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

func TestMessagesAreNumberedAckedAndKept(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	h := start(t, server, dir)
	if got := h.must(create("c1", "lobby", "ana")); got.GetSeq() != 1 || got.GetDuplicate() {
		t.Fatalf("create: %v", got)
	}
	if got := h.must(join("c2", "lobby", "bo")); got.GetSeq() != 2 {
		t.Fatalf("join: %v", got)
	}
	reply := h.do(send("c3", "lobby", "bo", message("m1", "one", 1), message("m2", "two", 1)))
	if reply.GetDurability() != chatv1.Durability_DISK {
		t.Errorf("durability %v, want DISK", reply.GetDurability())
	}
	for i, r := range reply.GetResults() {
		if r.GetRefusal() != nil || r.GetSeq() != uint32(3+i) {
			t.Errorf("send %d: %v", i, r)
		}
	}
	h.stop()

	again := start(t, server, dir)
	events := again.events("lobby", 0)
	if len(events) != 4 {
		t.Fatalf("%d events after a restart, want 4: %v", len(events), events)
	}
	for i, e := range events {
		if e.GetSeq() != uint32(i+1) {
			t.Errorf("event %d has seq %d", i, e.GetSeq())
		}
	}
	if got := again.must(send("c4", "lobby", "bo", message("m3", "three", 1))); got.GetSeq() != 5 {
		t.Errorf("the next seq after a restart is %d, want 5", got.GetSeq())
	}
}

func TestSendIsIdempotentForEver(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	h := start(t, server, dir)
	h.must(create("c1", "lobby", "ana"))
	first := h.must(send("c2", "lobby", "ana", message("m1", "hello", 1)))
	check := func(h *running) {
		t.Helper()
		for i, attempt := range []uint32{0, 2} {
			got := h.must(send(fmt.Sprint("again", i), "lobby", "ana", message("m1", "hello", attempt)))
			if !got.GetDuplicate() || got.GetSeq() != first.GetSeq() || got.GetTimeMs() != first.GetTimeMs() {
				t.Errorf("attempt %d: %v, want a duplicate of %v", attempt, got, first)
			}
		}
		reply := h.do(send("other", "lobby", "ana", message("m1", "something else", 2)))
		if code := reply.GetResults()[0].GetRefusal().GetCode(); code != chatv1.ErrorCode_CONFLICT {
			t.Errorf("another body: %v, want CONFLICT", reply)
		}
		if reply.GetResults()[0].GetRefusal().GetField() != "clientMsgId" {
			t.Errorf("the refusal names field %q", reply.GetResults()[0].GetRefusal().GetField())
		}
	}
	check(h)
	h.stop()
	again := start(t, server, dir)
	check(again) // from the store: nothing of it is in memory
	other := again.must(join("c5", "lobby", "bo"))
	if got := again.must(send("c6", "lobby", "bo", message("m1", "hello", 2))); got.GetDuplicate() || got.GetSeq() != other.GetSeq()+1 {
		t.Errorf("another user's id is another id: %v", got)
	}
}

func TestCommandIsDoneOnce(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	h := start(t, server, dir)
	h.must(create("c1", "lobby", "ana"))
	joined := h.must(join("j1", "lobby", "bo"))
	h.must(leave("l1", "lobby", "bo"))
	// The gateway's late retry of the join must not bring bo back.
	if got := h.must(join("j1", "lobby", "bo")); got.GetSeq() != joined.GetSeq() {
		t.Errorf("a repeated command: %v, want %v", got, joined)
	}
	h.stop()
	again := start(t, server, dir)
	if got := again.must(join("j1", "lobby", "bo")); got.GetSeq() != joined.GetSeq() {
		t.Errorf("a command repeated after a restart: %v, want %v", got, joined)
	}
	if n := len(again.events("lobby", 0)); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
}

func TestConcurrentSendersGetOneOrder(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	h.must(create("c1", "lobby", "u0"))
	const senders, each = 8, 100
	acks := make([]map[string]uint32, senders)
	for i := 1; i < senders; i++ {
		h.must(join(fmt.Sprint("j", i), "lobby", fmt.Sprint("u", i)))
	}
	var wg sync.WaitGroup
	for i := range senders {
		acks[i] = map[string]uint32{}
		wg.Go(func() {
			for n := range each {
				id := fmt.Sprintf("m-%d-%d", i, n)
				acks[i][id] = h.must(send(id, "lobby", fmt.Sprint("u", i), message(id, id, 1))).GetSeq()
			}
		})
	}
	wg.Wait()
	events := h.events("lobby", 0)
	if want := senders + senders*each; len(events) != want {
		t.Fatalf("%d events, want %d", len(events), want)
	}
	for i, e := range events {
		if e.GetSeq() != uint32(i+1) {
			t.Fatalf("a hole at %d: seq %d", i+1, e.GetSeq())
		}
	}
	for i := range senders {
		for id, seq := range acks[i] {
			if events[seq-1].GetClientMsgId() != id {
				t.Errorf("%s was acked at %d, where %q stands", id, seq, events[seq-1].GetClientMsgId())
			}
		}
	}
}

func TestRoomsOfOthersCannotBeToldFromMissingOnes(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	c := create("c1", "secret", "ana")
	c.GetCreate().Kind = chatv1.RoomKind_PRIVATE
	h.must(c)
	view := func(room string) *chatv1.Refusal {
		return h.ask(room, &chatv1.Ask{Question: &chatv1.Ask_Views{Views: &chatv1.AskViews{User: "eve", Rooms: []*chatv1.RoomPosition{{Room: room}}}}}).GetViews().GetViews()[0].GetRefusal()
	}
	if a, b := view("secret"), view("missing"); a.String() != b.String() || a.GetCode() != chatv1.ErrorCode_NOT_FOUND {
		t.Errorf("a view tells %v from %v", a, b)
	}
	for name, command := range map[string]func(room string) *chatv1.Command{
		"join":  func(room string) *chatv1.Command { return join("", room, "eve") },
		"leave": func(room string) *chatv1.Command { return leave("", room, "eve") },
		"send":  func(room string) *chatv1.Command { return send("", room, "eve", message("m", "x", 1)) },
	} {
		a, b := h.do(command("secret")), h.do(command("missing"))
		if a.String() != b.String() || a.GetResults()[0].GetRefusal().GetCode() != chatv1.ErrorCode_NOT_FOUND {
			t.Errorf("%s tells %v from %v", name, a, b)
		}
	}
}

func TestViewsAndWhatWasMissed(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	h.must(create("c1", "lobby", "ana"))
	h.must(join("j1", "lobby", "bo"))
	for n := range 600 {
		h.must(send(fmt.Sprint("s", n), "lobby", "ana", message(fmt.Sprint("m", n), "hi <@bo>", 1)))
	}
	view := func(after uint32) *chatv1.View {
		return h.ask("lobby", &chatv1.Ask{Question: &chatv1.Ask_Views{Views: &chatv1.AskViews{User: "bo", Rooms: []*chatv1.RoomPosition{{Room: "lobby", After: &after}}}}}).GetViews().GetViews()[0]
	}
	for _, c := range []struct {
		after  uint32
		want   chatv1.Resume
		events int
	}{{602, chatv1.Resume_COMPLETE, 0}, {600, chatv1.Resume_COMPLETE, 2}, {102, chatv1.Resume_COMPLETE, 500}, {101, chatv1.Resume_TRUNCATED, 0}, {603, chatv1.Resume_RESET, 0}} {
		v := view(c.after)
		if v.GetView().GetResume() != c.want || len(v.GetEvents()) != c.events {
			t.Errorf("after %d: %v with %d events, want %v with %d", c.after, v.GetView().GetResume(), len(v.GetEvents()), c.want, c.events)
		}
		if v.GetView().GetUnread() != 100 || v.GetView().GetMentions() != 100 || v.GetView().GetHead() != 602 || v.GetView().GetReadSeq() != 2 {
			t.Errorf("after %d: view %v", c.after, v.GetView())
		}
	}
}

// TestGatewayCannotBeAdmin: a stolen gateway names itself one.
func TestGatewayCannotBeAdmin(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	h.must(create("c1", "lobby", "ana"))
	c := send("s1", "lobby", "eve", message("m1", "x", 1))
	c.Actor.Admin = true
	if got := h.do(c).GetResults()[0].GetRefusal().GetCode(); got != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("an admin's post by a gateway: %v, want FORBIDDEN", got)
	}
}

func TestNATSRestartHealsByItself(t *testing.T) {
	server := natstest.Start(t)
	h := start(t, server, t.TempDir())
	h.must(create("c1", "lobby", "ana"))
	server.Restart(t)
	if got := h.must(send("s1", "lobby", "ana", message("m1", "after the restart", 1))); got.GetSeq() != 2 {
		t.Errorf("after a restart of NATS: %v, want seq 2", got)
	}
	h.ready()
}

func TestSecondReplicaOnOneStoreIsRefused(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	start(t, server, dir)
	nc := server.Connect(t, natsx.History)
	done := make(chan error, 1)
	go func() {
		_, err := New(testConfig(dir), nc, dialer(t, server), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			t.Error("a second process on one store was let in")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("New hangs")
	}
}
