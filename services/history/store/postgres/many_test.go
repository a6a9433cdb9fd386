//go:build e2e

package postgres

import (
	"testing"

	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/storetest"
)

func BenchmarkMany(b *testing.B) {
	b.Cleanup(func() {
		if b.Failed() {
			b.Logf("PostgreSQL said:\n%s", server.Log())
		}
	})
	url := database(b)
	storetest.BenchmarkMany(b, storetest.Many, func(b *testing.B) store.Store { return open(b, url) }, func(b *testing.B, s store.Store) (bytes int64) {
		if err := s.(*Store).pool.QueryRow(b.Context(), "SELECT pg_database_size(current_database())").Scan(&bytes); err != nil {
			b.Fatal(err)
		}
		return bytes
	})
}
