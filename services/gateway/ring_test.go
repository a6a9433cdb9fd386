package gateway

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestRingForgetsWhatIsTakenAway: neither the text of a message that was
// deleted or erased comes back from it, nor that of an edit.
func TestRingForgetsWhatIsTakenAway(t *testing.T) {
	for name, end := range map[string]*chatv1.Event{
		"deleted": {Seq: 5, Change: &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: 1}}},
		"trimmed": {Seq: 5, Change: &chatv1.Event_Trimmed{Trimmed: &chatv1.Trimmed{Before: 3}}},
		"erased":  {Seq: 5, Change: &chatv1.Event_Erased{Erased: &chatv1.Erased{Seqs: []uint32{3, 1}}}},
	} {
		var r ring
		for _, e := range []*chatv1.Event{
			{Seq: 1, Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "first"}}},
			{Seq: 2, Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "other"}}},
			{Seq: 3, Change: &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: 1, Text: "second"}}},
			{Seq: 4, Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "last"}}},
			end,
		} {
			r.add(newEntry(e))
		}
		told, ok := r.after(0)
		if name == "erased" { // it is not told at all: whoever asks gets it from the owner
			if _, edit := r.after(2); ok || edit {
				t.Errorf("%s: the ring still tells of it", name)
			}
			told, ok = r.after(3)
		}
		if name == "trimmed" { // what is left begins there
			if ok {
				t.Errorf("the ring still tells of what was trimmed")
			}
			told, ok = r.after(2)
		}
		if !ok || told[len(told)-1].seq != 5 {
			t.Errorf("%s: what is left is %v, %v", name, told, ok)
		}
		for _, e := range told {
			if text := e.event.GetMessage().GetText() + e.event.GetEdited().GetText(); text == "first" || text == "second" {
				t.Errorf("%s: %q is still told", name, text)
			}
		}
	}
}
