package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestATrimOfWhatAnOlderProgramStored: it did not say what its events are
// about, and all the same nothing is left in the file of a message that goes.
func TestATrimOfWhatAnOlderProgramStored(t *testing.T) {
	dir := t.TempDir()
	s, apply := filled(t, dir, "here is quetzalcoatl", "and xylophonist, who stays")
	apply(&chatv1.Event{Room: "lobby", Seq: 4, TimeMs: 50, User: "ana", Change: &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: 2, Text: "not here, zarathustra"}}},
		&chatv1.Event{Room: "lobby", Seq: 5, TimeMs: 60, User: "ana", Change: &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: 3, Text: "xylophonist stays"}}})
	if _, err := s.write.Exec("UPDATE events SET about = NULL"); err != nil {
		t.Fatal(err)
	}
	apply(&chatv1.Event{Room: "lobby", Seq: 6, TimeMs: 60, User: "natter", Change: &chatv1.Event_Trimmed{Trimmed: &chatv1.Trimmed{Before: 3}}})
	var left int
	if err := s.read.QueryRow("SELECT count(*) FROM events WHERE about IS NULL").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d events are about nobody knows what, %v", left, err)
	}
	events, err := s.Events(t.Context(), "lobby", 3, 2)
	if err != nil || len(events) != 2 || events[0].GetEdited().GetText() != "" || events[1].GetEdited().GetText() != "xylophonist stays" {
		t.Errorf("the edits: %v, %v", events, err)
	}
	if err := s.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]bool{"quetzalcoatl": false, "zarathustra": false, "xylophonist": true} {
		if strings.Contains(string(content), word) != want {
			t.Errorf("%s is in the file: %v", word, !want)
		}
	}
}
