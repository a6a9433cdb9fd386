//go:build e2e

package e2e_test

import (
	"testing"

	"github.com/natter-chat/natter/services/internal/pgtest"
)

// database is a PostgreSQL server of this test's own, and an empty database in it.
func database(t *testing.T) (*pgtest.Server, string) {
	t.Helper()
	server := pgtest.For(t)
	url, err := server.Database()
	if err != nil {
		t.Fatal(err)
	}
	return server, url
}

// onPostgres are settings for a deployment that keeps history there.
func onPostgres(url string) []string {
	return append(withoutLimits(), "NATTER_STORE="+url, "NATTER_LOG_LEVEL=info")
}
