package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestAnEditOfADeletedMessageIsNotToldInParts: where the answer ends before
// the event that deletes the message, its edits are without text all the same.
func TestAnEditOfADeletedMessageIsNotToldInParts(t *testing.T) {
	nats, dir := natstest.Start(t), t.TempDir()
	h := start(t, nats, dir)
	h.must(create("c", "r", "ana"))
	h.must(send("s", "r", "ana", message("m", "first secret", 1)))
	h.must(&chatv1.Command{Id: "e", Actor: by("ana"), Room: "r", Change: &chatv1.Command_Edit{Edit: &chatv1.Edit{Seq: 2, Text: "second secret"}}})
	const more = 2*recentEvents + maxReplay // neither the memory nor one answer holds them
	for i := 0; i < more; i += 50 {
		var sends []*chatv1.Send
		for n := range 50 {
			sends = append(sends, message(fmt.Sprint("n-", i+n), "no matter", 1))
		}
		if reply := h.do(send(fmt.Sprint("n-", i), "r", "ana", sends...)); len(reply.GetResults()) != 50 || reply.GetRefusal() != nil {
			t.Fatal(reply)
		}
	}
	h.must(&chatv1.Command{Id: "d", Actor: by("ana"), Room: "r", Change: &chatv1.Command_Delete{Delete: &chatv1.Delete{Seq: 2}}})
	look := func(from string) {
		t.Helper()
		events := h.events("r", 0)
		if len(events) != more+4 {
			t.Errorf("%s: %d events", from, len(events))
		}
		for _, e := range events {
			if strings.Contains(e.String(), "secret") {
				t.Errorf("%s: %v", from, e)
			}
		}
	}
	look("from memory, in several answers")
	messages := historyv1.NewMessagesClient(h.grpc(usersAdminToken))
	natstest.Eventually(t, 30*time.Second, "the store has it all", func() bool {
		m, err := messages.Get(t.Context(), &historyv1.MessagesGetRequest{Room: "r", Seq: 2})
		return err == nil && m.GetMessage().GetDeleted()
	})
	reply, err := messages.Events(t.Context(), &historyv1.EventsRequest{Room: "r", Limit: 3})
	if err != nil || len(reply.GetEvents()) != 3 || reply.GetEvents()[2].GetEdited() == nil {
		t.Fatalf("%v (%v)", reply, err)
	}
	for _, e := range reply.GetEvents() {
		if strings.Contains(e.String(), "secret") {
			t.Errorf("gRPC: %v", e)
		}
	}
	h.stop()
	h = start(t, nats, dir)
	look("after a restart")
}
