//go:build e2e

package postgres

import (
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/internal/certtest"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/pgtest"
)

// TestCertificatesAreReadAgain: both sides get certificates of another authority
// while the store is open; new connections are made with them, and a certificate
// that cannot be read harms none.
func TestCertificatesAreReadAgain(t *testing.T) {
	old, next, dir := certtest.New(t), certtest.New(t), t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()
	t.Setenv("PGPORT", strconv.Itoa(port)) // of the server and of who looks after it
	server, err := pgtest.New("listen_addresses=127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	local, err := server.Database()
	if err != nil {
		t.Fatal(err)
	}
	sql := func(text string) {
		t.Helper()
		if err := server.Run(local, text); err != nil {
			t.Fatal(err)
		}
	}
	show(t, server, old)
	for _, setting := range []string{"ssl_cert_file = 'server.pem'", "ssl_key_file = 'server.key'", "ssl_ca_file = 'server-ca.pem'", "ssl = on"} {
		sql("ALTER SYSTEM SET " + setting)
	}
	sql("SELECT pg_reload_conf()")

	ours := old.Issue(t, "client").Take(t, dir, "client")
	at, err := url.Parse(local)
	if err != nil {
		t.Fatal(err)
	}
	at.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	at.RawQuery = url.Values{"sslmode": {"verify-full"}, "sslrootcert": {ours.CA}, "sslcert": {ours.Cert}, "sslkey": {ours.Key}}.Encode()
	var s *Store
	natstest.Eventually(t, time.Minute, "the server takes TLS", func() bool {
		s, err = Open(t.Context(), at.String())
		return err == nil
	})
	t.Cleanup(func() { _ = s.Close() })

	anew := func() error { // with new connections
		s.pool.Reset()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		return s.Ping(ctx)
	}
	next.Issue(t, "client").Take(t, dir, "client")
	if err := anew(); err == nil {
		t.Error("a certificate of another authority is let in: the new one is not shown")
	}
	show(t, server, next)
	sql("SELECT pg_reload_conf()")
	natstest.Eventually(t, time.Minute, "both have the new certificates", func() bool { return anew() == nil })

	if err := os.WriteFile(ours.Cert, []byte("half of a certifi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := anew(); err != nil {
		t.Errorf("a certificate that cannot be read takes the connection away: %v", err)
	}
}

// show puts a certificate of an authority where the server has its files.
func show(t *testing.T, server *pgtest.Server, a *certtest.Authority) {
	t.Helper()
	a.Issue(t, "server").Take(t, server.Dir(), "server")
	owner, err := os.Stat(server.Dir())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(server.Dir(), "server*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if id := owner.Sys().(*syscall.Stat_t); os.Chown(file, int(id.Uid), int(id.Gid)) != nil {
			t.Fatal("the server may not read its files")
		}
	}
}
