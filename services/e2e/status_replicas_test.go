//go:build e2e

package e2e_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/pgtest"
)

// TestStatusTellsOfEveryReplica: whichever history replica is asked, natterctl
// status tells of one that has lost its database, of a gateway and of presence
// that do not answer, and ends with another code than 0 until all is well again.
func TestStatusTellsOfEveryReplica(t *testing.T) {
	t.Parallel()
	server, store := database(t)
	d := alone(t, shape.Replicated(2), onPostgres(store)...)
	line := newSocketLine(t, server, store)
	second := d.Process(shape.HistoryName(1))
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := second.Launch("NATTER_STORE=" + line.url); err != nil {
		t.Fatal(err)
	}
	if err := second.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	allIsWell := func() bool {
		out, exit := printed(t, d, "status")
		return exit == 0 && strings.Count(out, "\nhistory ") == 2 && strings.Count(out, "\ngateway ") == 2 && !strings.Contains(out, " no ")
	}
	natstest.Eventually(t, recovery, "all is well", allIsWell)

	line.cut()
	natstest.Eventually(t, recovery, "the first replica tells of the second", func() bool {
		out, exit := admins(t, d, "status")
		return exit == 4 && strings.Contains(out, " is not ready: store: ")
	})
	line.heal()
	natstest.Eventually(t, recovery, "all is well again", allIsWell)

	for what, name := range map[string]string{"gateway": "gateway-2", "presence": "presence"} {
		away := d.Process(name)
		if err := away.Pause(); err != nil {
			t.Fatal(err)
		}
		natstest.Eventually(t, recovery, name+" does not answer", func() bool {
			out, exit := admins(t, d, "status", "--timeout", "3s")
			return exit == 4 && strings.Contains(out, "something is wrong: "+what) && strings.Contains(out, "does not answer")
		})
		if err := away.Continue(); err != nil {
			t.Fatal(err)
		}
		natstest.Eventually(t, recovery, "all is well again", allIsWell)
	}
}

// socketLine is a way to a database of one replica alone, which can be cut.
type socketLine struct {
	t          *testing.T
	server     *pgtest.Server
	store, url string
	from, to   string // the socket, and the name that the replica knows it by
}

func newSocketLine(t *testing.T, server *pgtest.Server, store string) *socketLine {
	t.Helper()
	at, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	query := at.Query()
	sockets, err := filepath.Glob(filepath.Join(query.Get("host"), ".s.PGSQL.*"))
	if err != nil || len(sockets) == 0 {
		t.Fatalf("no socket of the database: %v", err)
	}
	dir, err := os.MkdirTemp("", "line") // a socket's name has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	query.Set("host", dir)
	query.Set("application_name", "line")
	at.RawQuery = query.Encode()
	from, _ := strings.CutSuffix(sockets[0], ".lock")
	l := &socketLine{t: t, server: server, store: store, url: at.String(), from: from, to: filepath.Join(dir, filepath.Base(from))}
	l.heal()
	return l
}

func (l *socketLine) heal() {
	l.t.Helper()
	if err := os.Symlink(l.from, l.to); err != nil {
		l.t.Fatal(err)
	}
}

func (l *socketLine) cut() {
	l.t.Helper()
	if err := os.Remove(l.to); err != nil {
		l.t.Fatal(err)
	}
	if err := l.server.Run(l.store, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'line'"); err != nil {
		l.t.Fatal(err)
	}
}
