package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// TestTidyLeavesNoWordInTheFile, whatever took it away, and also where the index
// was tidy before; that there is something to do is known after a restart, too.
func TestTidyLeavesNoWordInTheFile(t *testing.T) {
	dir := t.TempDir()
	var texts []string
	for n := range 200 {
		texts = append(texts, fmt.Sprintf("unforgettable%dword among others", n))
	}
	s, _ := filled(t, dir, texts...) // seq 2 to 201
	tidy := func(want bool) {
		t.Helper()
		if got, err := s.Untidy(t.Context()); err != nil || got != want {
			t.Errorf("there is something to tidy up: %v, %v; want %v", got, err, want)
		}
		if err := s.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Untidy(t.Context()); err != nil || got {
			t.Errorf("after Tidy there is something to tidy up, %v", err)
		}
	}
	has := func(n int) bool {
		t.Helper()
		found := false
		for _, name := range []string{"history.db", "history.db-wal"} {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			// The index shortens what a word has in common with the one before.
			found = found || strings.Contains(string(content), fmt.Sprintf("unforgettable%dword", n)) || strings.Contains(string(content), fmt.Sprintf("%dword", n))
		}
		return found
	}
	tidy(false)
	change := func(seq uint32, user string, e *chatv1.Event) {
		e.Room, e.Seq, e.TimeMs, e.User = "lobby", seq, 1000, user
		at, err := s.Position(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		to := store.Position{Stream: at.Stream, Sequence: at.Sequence + 1, Record: []byte("r")}
		if err := s.Apply(t.Context(), 0, at, to, []*chatv1.LogRecord{{Events: []*chatv1.Event{e}}}); err != nil {
			t.Fatal(err)
		}
	}
	for step, c := range []struct {
		e    *chatv1.Event
		gone int
	}{
		{&chatv1.Event{Change: &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: 180, Text: "another"}}}, 178},
		{&chatv1.Event{Change: &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: 170}}}, 168},
		{&chatv1.Event{Change: &chatv1.Event_Trimmed{Trimmed: &chatv1.Trimmed{Before: 152}}}, 149},
		{&chatv1.Event{Change: &chatv1.Event_Erased{Erased: &chatv1.Erased{Seqs: []uint32{190}}}}, 188},
	} {
		change(uint32(202+step), "ana", c.e)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if s, err = Open(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		tidy(true)
		if has(c.gone) {
			t.Errorf("after %v the word is in the file", c.e)
		}
		if !has(195) {
			t.Error("a word that stays is not found in the file: this test looks for the wrong thing")
		}
	}
}
