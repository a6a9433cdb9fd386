package sqlite

import (
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, fresh)
}

func TestSearch(t *testing.T) {
	storetest.RunSearch(t, fresh)
}

func fresh(t *testing.T) storetest.Opener {
	dir := t.TempDir()
	var open *Store
	return func(t *testing.T) store.Store {
		t.Helper()
		if open != nil {
			if err := open.Close(); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		open = s
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) store.Store {
		s, err := Open(b.Context(), b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = s.Close() })
		return s
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); err == nil {
		t.Error("a file of a newer program was opened")
	}
}

// TestSentIDsAreLookedUpByIndex: a scan of all messages would make retries
// slower with every message kept.
func TestSentIDsAreLookedUpByIndex(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var a, b, c int
	var plan string
	if err := s.read.QueryRow("EXPLAIN QUERY PLAN "+sentQuery, 1).Scan(&a, &b, &c, &plan); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan, "messages_by_sent") {
		t.Errorf("the plan is %q", plan)
	}
}
