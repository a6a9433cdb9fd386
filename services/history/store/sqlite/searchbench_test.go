package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/natter-chat/natter/services/history/store/storetest"
)

func BenchmarkSearch(b *testing.B) {
	for _, messages := range benchSizes() {
		b.Run(fmt.Sprint(messages), func(b *testing.B) {
			dir := b.TempDir()
			s, err := Open(b.Context(), dir)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			storetest.BenchmarkSearch(b, s, messages)
			b.Run("Size", func(b *testing.B) { size(b, s, dir) })
		})
	}
}

// size is what a message takes in the file, and what of it is the index.
func size(b *testing.B, s *Store, dir string) {
	var messages, index int64
	if err := s.read.QueryRow("SELECT count(*) FROM messages").Scan(&messages); err != nil {
		b.Fatal(err)
	}
	if err := s.read.QueryRow("SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name LIKE 'search_%' OR name = 'messages_by_doc'").Scan(&index); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "history.db"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.ReportMetric(float64(info.Size())/float64(messages), "B/message")
		b.ReportMetric(float64(index)/float64(messages), "index-B/message")
	}
}
