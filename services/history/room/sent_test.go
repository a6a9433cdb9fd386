package room

import (
	"fmt"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestTheStoreIsAskedOnlyForWhatMayBeThere: as long as all ids of a room are in
// memory, an id that is not among them is new, and costs no question.
func TestTheStoreIsAskedOnlyForWhatMayBeThere(t *testing.T) {
	s := lobby(t)
	for n := range 4 {
		step(t, s, "bo", &chatv1.Send{ClientMsgId: fmt.Sprint(n), Text: "hi"})
	}
	asks := func(id string, attempt uint32) bool {
		needs := s.Needs("bo", &chatv1.Sends{Sends: []*chatv1.Send{{ClientMsgId: id, Text: "hi", Attempt: attempt}}})
		return len(needs.Sent) > 0
	}
	s.Forget(4, s.Head)
	if asks("new", 0) || asks("new", 2) || asks("0", 2) {
		t.Error("all ids are in memory, and the store is asked")
	}
	s.Forget(3, s.Head)
	if !asks("0", 0) || !asks("0", 2) || !asks("new", 2) {
		t.Error("an id was forgotten, and the store is not asked")
	}
	if asks("3", 2) {
		t.Error("the store is asked for an id in memory")
	}
	if asks("new", 1) {
		t.Error("the store is asked for an id that was never sent, as its client says")
	}
}

// TestALoadedRoomDoesNotKnowItsIDs: what comes from a store has only the ids
// that were sent since.
func TestALoadedRoomDoesNotKnowItsIDs(t *testing.T) {
	s := New("r")
	s.Head, s.CreatedBy = 7, "ana"
	if err := s.Evolve(&chatv1.Event{Room: "r", Seq: 8, User: "ana", ClientMsgId: "x", Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "hi"}}}); err != nil {
		t.Fatal(err)
	}
	if needs := s.Needs("ana", &chatv1.Sends{Sends: []*chatv1.Send{{ClientMsgId: "y", Text: "hi"}}}); len(needs.Sent) != 1 {
		t.Errorf("a loaded room needs %v", needs)
	}
}
