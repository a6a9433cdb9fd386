package history

import (
	"fmt"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestRecentEventsForgetWhatIsTrimmed: neither a trimmed message nor a later
// edit of it is told from memory, nor what stood before a hole.
func TestRecentEventsForgetWhatIsTrimmed(t *testing.T) {
	var r recent
	kept := 0
	add := func(e *chatv1.Event) { kept += r.add(e) }
	for seq := uint32(1); seq <= 4; seq++ {
		add(&chatv1.Event{Seq: seq, Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: fmt.Sprint("text ", seq)}}})
	}
	add(&chatv1.Event{Seq: 5, Change: &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: 2, Text: "another"}}})
	add(&chatv1.Event{Seq: 6, Change: &chatv1.Event_Reacted{Reacted: &chatv1.Reacted{Seq: 4, Emoji: "👍"}}})
	add(&chatv1.Event{Seq: 7, Change: &chatv1.Event_Trimmed{Trimmed: &chatv1.Trimmed{Before: 4}}})
	if _, whole := r.after(2, 7); whole {
		t.Error("what was trimmed is told")
	}
	events, whole := r.after(3, 7)
	if !whole || len(events) != 4 || events[0].GetMessage().GetText() != "text 4" || events[1].GetEdited().GetText() != "" || events[2].GetReacted().GetEmoji() != "👍" {
		t.Errorf("what is left: %v, %v", events, whole)
	}
	add(&chatv1.Event{Seq: 12, Skipped: 4, Change: &chatv1.Event_Left{Left: &chatv1.Left{}}})
	if events, whole := r.after(11, 12); !whole || len(events) != 1 || r.first() != 12 {
		t.Errorf("behind a hole: %v, %v", events, whole)
	}
	if kept != len(r.events) {
		t.Errorf("counted %d, kept %d", kept, len(r.events))
	}
}
