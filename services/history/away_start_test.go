//go:build e2e

package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/pgtest"
)

// unready is what /readyz says of a part; "": it is ready.
func (r *running) unready(name string) string {
	for _, c := range r.Checks() {
		if c.Name == name {
			if err := c.Ready(); err != nil {
				return err.Error()
			}
		}
	}
	return ""
}

// TestStartWithoutPostgres: history starts while its database is down, says so,
// and goes on by itself when it is there. The first start, too.
func TestStartWithoutPostgres(t *testing.T) {
	db, server := pgtest.For(t), natstest.Start(t)
	url, err := db.Database()
	if err != nil {
		t.Fatal(err)
	}
	for start := range 2 {
		if err := db.Stop(); err != nil {
			t.Fatal(err)
		}
		h := launchWith(t, server, onPostgres(url))
		natstest.Eventually(t, 30*time.Second, "/readyz says what is missing", func() bool {
			return strings.Contains(h.unready("store"), "waiting for the database") && h.unready("partitions") != ""
		})
		if start == 0 {
			// Nobody has to wait for it with the end of the program.
			h.stop()
			h = launchWith(t, server, onPostgres(url))
		}
		if err := db.Start(); err != nil {
			t.Fatal(err)
		}
		h.ready()
		room := fmt.Sprint("lobby", start)
		h.must(create(room, room, "ana"))
		h.stop()
	}
}

// TestStartWithAnotherDatabase: waiting would not help, so the start fails.
func TestStartWithAnotherDatabase(t *testing.T) {
	db, server := pgtest.For(t), natstest.Start(t)
	cfg := onPostgres(db.URL("nowhere"))
	if s, err := newService(t, server, cfg); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a start on a database that does not exist: %v, %v", s, err)
	}
}
