//go:build e2e

package stack_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/compose"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// testTLS starts the stack with all of its TLS: at the door, and inside.
func testTLS(t *testing.T) {
	dir := t.TempDir()
	p, err := project(dir, "natter-e2e-tls", "10.213.74.0/24", "compose.tls.yaml", "compose.inside.yaml")
	if err != nil {
		t.Fatal(err)
	}
	signer := newAuthority(t)
	door, key := signer.sign("localhost")
	certs, secrets := filepath.Join(dir, "certs"), filepath.Join(dir, "secrets")
	signer.write(certs, "localhost.pem", door, key)
	inside, key := signer.sign("haproxy", "gateway", "history", "presence", "nats", "postgres")
	signer.write(secrets, "tls-ca.pem", signer.pem)
	signer.write(secrets, "tls.pem", inside)
	signer.write(secrets, "tls.pem.key", key)
	p.Set("NATTER_CERTS", certs)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(keepLogs(p, "tls"))
		}
		if err := p.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if _, err := begin(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(signer.cert)
	chatsOverTLS(t, p, &tls.Config{RootCAs: trusted})
	sentToTLS(t, p, &tls.Config{RootCAs: trusted})
	adminOverTLS(t, p, filepath.Join(secrets, "tls-ca.pem"))
	allIsTLS(t, p)
}

// chatsOverTLS: a message, over wss, from the door to the database.
func chatsOverTLS(t *testing.T, p *compose.Project, config *tls.Config) {
	t.Helper()
	secret, err := p.Secret("jwt-secret")
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), p.Secure(), client.Options{TLS: config})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Hello(t.Context(), client.M{"token": token.For("ana", "Ana").Sign(secret)}); err != nil {
		t.Fatal(err)
	}
	if reply, err := c.Do(t.Context(), "createRoom", client.M{"room": "secure", "name": "Secure", "kind": "PUBLIC"}); err != nil || reply.Room == nil {
		t.Fatalf("create a room: %s (%v)", reply, err)
	}
	if reply, err := c.Do(t.Context(), "send", client.M{"room": "secure", "clientMsgId": "1", "text": "over TLS", "attempt": 1}); err != nil || reply.Ack == nil {
		t.Fatalf("send: %s (%v)", reply, err)
	}
}

// sentToTLS: who comes without it is sent to it, and told to stay.
func sentToTLS(t *testing.T, p *compose.Project, config *tls.Config) {
	t.Helper()
	web := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: config},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer web.CloseIdleConnections()
	for address, want := range map[string]int{p.Web() + "/": http.StatusPermanentRedirect, p.Secure() + "/": http.StatusOK} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := web.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %s", address, response.Status)
		}
		if want == http.StatusOK && response.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s does not say that it is to be come back to by TLS", address)
		}
	}
}

// adminOverTLS: gRPC of the services over the door's TLS, and theirs behind it.
func adminOverTLS(t *testing.T, p *compose.Project, ca string) {
	t.Helper()
	admin, err := p.Secret("admin-token")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := rpc.Dial(p.GRPC(), admin, config.TLS{CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if rooms, err := historyv1.NewRoomsClient(conn).List(ctx, &historyv1.ListRequest{}, grpc.WaitForReady(true)); err != nil || len(rooms.GetRooms()) == 0 {
		t.Errorf("history: %v (%v)", rooms, err)
	}
	if _, err := presencev1.NewPresenceClient(conn).GetUsers(ctx, &presencev1.GetUsersRequest{Users: []string{"ana"}}); err != nil {
		t.Errorf("presence: %v", err)
	}
}

// allIsTLS asks each server in the stack of its connections, and comes to one
// service with TLS and without.
func allIsTLS(t *testing.T, p *compose.Project) {
	t.Helper()
	run := func(args ...string) (string, error) { return p.Compose(t.Context(), args...) }
	const clear = "select count(*) filter (where ssl) > 0 and bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where client_addr is not null"
	if out, err := run("exec", "-T", "postgres", "psql", "-U", "natter", "-d", "natter", "-Atc", clear); err != nil || strings.TrimSpace(out) != "t" {
		t.Errorf("all connections to PostgreSQL have TLS: %q (%v)", out, err)
	}
	out, err := run("exec", "-T", "nats", "wget", "-q", "-O", "-", "http://127.0.0.1:8222/connz?limit=100")
	if all, secured := strings.Count(out, `"cid":`), strings.Count(out, `"tls_version":`); err != nil || all < 3 || secured != all {
		t.Errorf("%d of %d connections to NATS have TLS (%v)", secured, all, err)
	}
	for _, service := range []string{"history:9090", "presence:9090", "gateway:9090"} {
		// Only history lists rooms, but each answers whom it talks to.
		ask := []string{"run", "--rm", "-e", "NATTER_GRPC_ADDR=" + service}
		if _, err := run(append(ask, "natterctl", "rooms", "list")...); refused(err) {
			t.Errorf("%s refuses somebody with a certificate: %v", service, err)
		}
		if out, err := run(append(ask, "-e", "NATTER_TLS_CERT=", "-e", "NATTER_TLS_KEY=", "natterctl", "rooms", "list")...); !refused(err) {
			t.Errorf("%s talks to somebody without a certificate: %q (%v)", service, out, err)
		}
	}
}

// refused: natterctl came to no server that it could talk to.
func refused(err error) bool { return err != nil && strings.Contains(err.Error(), "no answer from") }
