package history

import (
	"strings"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestNothingIsReplayedOfADeletedMessage: neither what was written first nor
// what an edit made of it, whether the memory tells of it or the store.
func TestNothingIsReplayedOfADeletedMessage(t *testing.T) {
	nats, dir := natstest.Start(t), t.TempDir()
	h := start(t, nats, dir)
	h.must(create("c", "r", "ana"))
	h.must(send("s1", "r", "ana", message("m1", "first secret", 1)))
	h.must(&chatv1.Command{Id: "e", Actor: by("ana"), Room: "r", Change: &chatv1.Command_Edit{Edit: &chatv1.Edit{Seq: 2, Text: "second secret"}}})
	h.must(send("s2", "r", "ana", message("m2", "no matter", 1)))
	h.must(&chatv1.Command{Id: "d", Actor: by("ana"), Room: "r", Change: &chatv1.Command_Delete{Delete: &chatv1.Delete{Seq: 2}}})
	look := func(from string) {
		t.Helper()
		for after := range uint32(3) {
			events := h.events("r", after)
			view := h.ask("r", &chatv1.Ask{Question: &chatv1.Ask_Views{Views: &chatv1.AskViews{User: "ana", Rooms: []*chatv1.RoomPosition{{Room: "r", After: &after}}}}})
			if n := len(view.GetViews().GetViews()[0].GetEvents()); n != len(events) || n != 5-int(after) {
				t.Fatalf("%s, after %d: %d events and %d missed", from, after, len(events), n)
			}
			for _, e := range append(events, view.GetViews().GetViews()[0].GetEvents()...) {
				if strings.Contains(e.String(), "secret") {
					t.Errorf("%s, after %d: %v", from, after, e)
				}
			}
		}
	}
	look("from memory")
	h.stop()
	h = start(t, nats, dir)
	look("after a restart")
}
