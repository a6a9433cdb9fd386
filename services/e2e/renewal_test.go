package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/internal/certtest"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestCertificatesAreRenewedAtEveryDoor: every certificate and every authority of
// the split shape is replaced by another while it runs, and no service is
// restarted: every listener shows the new one and knows the new authority alone,
// and what services connect to anew, NATS and each other, takes theirs.
func TestCertificatesAreRenewedAtEveryDoor(t *testing.T) {
	t.Parallel()
	old, next, dir := certtest.New(t), certtest.New(t), t.TempDir()
	ours, nats := old.Issue(t, "first").Take(t, dir, "natter"), old.Issue(t, "first").Take(t, dir, "nats")
	d := preparedAs(t, shape.Split(), shape.Config{
		NATSTLS: &natsx.ServerTLS{Cert: nats.Cert, Key: nats.Key, CA: nats.CA},
		Env: append(withoutLimits(),
			"NATTER_NATS_CERT="+ours.Cert, "NATTER_NATS_KEY="+ours.Key, "NATTER_NATS_CA="+ours.CA,
			"NATTER_TLS_CERT="+ours.Cert, "NATTER_TLS_KEY="+ours.Key, "NATTER_TLS_CA="+ours.CA,
			"NATTER_HTTP_TLS_CERT="+ours.Cert, "NATTER_HTTP_TLS_KEY="+ours.Key),
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, url := range d.Gateways {
		d.Gateways[i] = "https" + strings.TrimPrefix(url, "http")
	}
	ana := dialWith(t, d, 0, client.Options{TLS: &tls.Config{RootCAs: poolOf(t, old)}})
	ana.greet("ana", token.For("ana", "Ana").Sign(d.JWTSecret), nil)
	room := ana.create("sealed", nil).Room
	ana.send(room, "before")
	ana.page(M{"room": room}) // by a connection to history
	doorsShow(t, d, old, next, "first")

	next.Issue(t, "second").Take(t, dir, "natter")
	next.Issue(t, "second").Take(t, dir, "nats")
	doorsShow(t, d, next, old, "second")

	// What is connected goes on; NATS and history now have everybody come anew.
	works := func(when string) {
		t.Helper()
		message := ana.message(room, when)
		natstest.Eventually(t, client.Patience, when+": a message is stored, and read again from history", func() bool {
			sent, page := ana.do("send", message), ana.do("messages", M{"room": room})
			return sent.Ack != nil && page.Page != nil && page.Page.Messages[len(page.Page.Messages)-1].Seq == sent.Ack.Seq
		})
	}
	works("with the connections from before")
	for _, name := range []string{"nats", "history"} {
		p := d.Process(name)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, p := range d.Processes {
			if err := p.WaitReady(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		works("connected anew to " + name)
	}
	bo := dialWith(t, d, 1, client.Options{TLS: &tls.Config{RootCAs: poolOf(t, next)}})
	bo.greet("bo", token.For("bo", "Bo").Sign(d.JWTSecret), nil)
	bo.view("join", M{"room": room})
	ana.reach(room, bo.send(room, "hello").Seq)
}

// doorsShow: every listener shows the certificate of a name, which by signed;
// gRPC takes clients' of the same authority, and none of another.
func doorsShow(t *testing.T, d *shape.Deployment, by, other *certtest.Authority, name string) {
	t.Helper()
	mine := by.Issue(t, "client")
	pair, err := tls.LoadX509KeyPair(mine.Cert, mine.Key)
	if err != nil {
		t.Fatal(err)
	}
	doors := map[string]string{"history": d.History, "presence": d.Presence}
	for i, url := range d.Gateways {
		doors["browsers, "+url] = strings.TrimPrefix(url, "https://")
		doors["gateway, "+d.GatewayRPC[i]] = d.GatewayRPC[i]
	}
	for door, addr := range doors {
		conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: poolOf(t, by), Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}})
		if err != nil {
			t.Errorf("%s: %v", door, err)
			continue
		}
		if shown := conn.ConnectionState().PeerCertificates[0].Subject.CommonName; shown != name {
			t.Errorf("%s shows the certificate of %q, want %q", door, shown, name)
		}
		conn.Close()
	}
	known, unknown := config.TLS(mine), config.TLS(other.Issue(t, "client"))
	unknown.CA = mine.CA // it knows the server, and the server does not know it
	for door, ask := range map[string]func(config.TLS) error{
		"history": func(files config.TLS) error {
			_, err := historyv1.NewRoomsClient(dialedBy(t, d.History, d.AdminToken, files)).List(t.Context(), &historyv1.ListRequest{})
			return err
		},
		"presence": func(files config.TLS) error {
			_, err := presencev1.NewPresenceClient(dialedBy(t, d.Presence, d.AdminToken, files)).Status(t.Context(), &presencev1.StatusRequest{})
			return err
		},
		"gateway": func(files config.TLS) error {
			_, err := gatewayv1.NewGatewaysClient(dialedBy(t, d.GatewayRPC[1], d.AdminToken, files)).List(t.Context(), &gatewayv1.ListRequest{})
			return err
		},
	} {
		if err := ask(known); err != nil {
			t.Errorf("%s, asked by who shows a certificate of the %s authority: %v", door, name, err)
		}
		if err := ask(unknown); status.Code(err) != codes.Unavailable {
			t.Errorf("%s, asked by who shows one of another: %v", door, err)
		}
	}
}

func poolOf(t *testing.T, a *certtest.Authority) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(a.CA())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool
}
