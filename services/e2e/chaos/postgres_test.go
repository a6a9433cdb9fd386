//go:build chaos && e2e

package chaos_test

import (
	"testing"

	"github.com/natter-chat/natter/services/e2e/chaos"
	"github.com/natter-chat/natter/services/internal/pgtest"
)

// TestChaosReplicas: three history replicas on PostgreSQL, with one NATS server
// and with three; what breaks is also the database.
func TestChaosReplicas(t *testing.T) {
	built := programs(t, "faultpoints")
	for _, shape := range []string{"replicated", "clustered"} {
		t.Run(shape, func(t *testing.T) { clean(t, onPostgres(t, config(t, shape, built))) })
	}
}

// onPostgres gives a run a database of its own.
func onPostgres(t *testing.T, cfg chaos.Config) chaos.Config {
	t.Helper()
	server := pgtest.For(t)
	url, err := server.Database()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database, cfg.DatabaseURL = server, url
	return cfg
}
