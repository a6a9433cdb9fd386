package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/storetest"
)

func BenchmarkMany(b *testing.B) {
	dir := b.TempDir()
	storetest.BenchmarkMany(b, storetest.Many, func(b *testing.B) store.Store {
		s, err := Open(b.Context(), dir)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = s.Close() })
		return s
	}, func(b *testing.B, s store.Store) int64 {
		// What is in the log beside the file goes into it in any case.
		if _, err := s.(*Store).write.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, "history.db"))
		if err != nil {
			b.Fatal(err)
		}
		return info.Size()
	})
}
