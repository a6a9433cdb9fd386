package rpc_test

import (
	"context"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/natter-chat/natter/services/internal/certtest"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// TestCertificatesOfAdmins: a certificate is as good as a token if the right
// authority signed it and the file names its subject; and nothing else is.
func TestCertificatesOfAdmins(t *testing.T) {
	services, admins := certtest.New(t), certtest.New(t)
	server := config.TLS(services.Issue(t, "server"))
	file := filepath.Join(t.TempDir(), "tokens")
	writeFile(t, file, "anna read cert:CN=anna\nserver erase cert:CN=server\ngw service cert:CN=gateway\nlate read cert:CN=late 2020-01-01T00:00:00Z")
	withoutCA := server
	withoutCA.CA = ""
	shown := func(a *certtest.Authority, name string) config.TLS {
		files := config.TLS(a.Issue(t, name))
		files.CA = server.CA
		return files
	}
	anna, bob, late, gateway := shown(admins, "anna"), shown(admins, "bob"), shown(admins, "late"), shown(admins, "gateway")
	ours, nobody := shown(services, "client"), config.TLS{CA: server.CA}
	annaOfServices := shown(services, "anna")
	stranger := shown(certtest.New(t), "anna")
	for _, c := range []struct {
		name   string
		server config.TLS
		client config.TLS
		token  string
		method string
		want   codes.Code
	}{
		{"an admin's", withoutCA, anna, "", "Call", codes.OK},
		{"an admin's, for what it has no scope for", withoutCA, anna, "", "Erase", codes.PermissionDenied},
		{"an admin's, where services show theirs", server, anna, "", "Call", codes.OK},
		{"one that the file does not name", withoutCA, bob, "", "Call", codes.Unauthenticated},
		{"one whose line has expired", withoutCA, late, "", "Call", codes.Unauthenticated},
		{"a service's", withoutCA, gateway, "", "Call", codes.OK},
		{"a service's, for what is for admins", withoutCA, gateway, "", "Erase", codes.PermissionDenied},
		{"the right name by the authority of services", server, annaOfServices, "", "Call", codes.Unauthenticated},
		{"a service's without a token", server, ours, "", "Call", codes.Unauthenticated},
		{"a service's with a token", server, ours, serviceToken, "Call", codes.OK},
		{"a token beats a certificate", withoutCA, anna, adminToken, "Erase", codes.OK},
		{"a wrong token is not saved by a certificate", withoutCA, anna, "a-token-that-nobody-has", "Call", codes.Unauthenticated},
		{"none, with a token", withoutCA, nobody, adminToken, "Call", codes.OK},
		{"none, where one is needed", server, nobody, adminToken, "Call", codes.Unavailable},
		{"one of an authority that nobody knows", withoutCA, stranger, adminToken, "Call", codes.Unavailable},
	} {
		cfg := tokens()
		cfg.TLS, cfg.Tokens, cfg.ClientCA = c.server, file, admins.CA()
		_, addr := serve(t, cfg, whoami)
		var conn *grpc.ClientConn
		if c.token == "" && c.client.Cert == "" {
			t.Fatal("nothing to show")
		}
		conn = dial(t, addr, c.token, c.client)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		_, err := invoke(ctx, conn, c.method)
		cancel()
		if status.Code(err) != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestCertificatesAreReplaced: with the next connection, on both sides, and
// with other authorities; those that are open go on.
func TestCertificatesAreReplaced(t *testing.T) {
	old, next := certtest.New(t), certtest.New(t)
	dir := t.TempDir()
	server, client := old.Issue(t, "server-old").Take(t, dir, "server"), old.Issue(t, "client-old").Take(t, dir, "client")
	cfg := tokens()
	cfg.TLS = config.TLS(server)
	_, addr := serve(t, cfg, whoami)
	signer := func(conn *grpc.ClientConn) (*x509.Certificate, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var p peer.Peer
		err := conn.Invoke(ctx, "/test.Test/Call", &emptypb.Empty{}, &wrapperspb.StringValue{}, grpc.Peer(&p))
		if err != nil {
			return nil, err
		}
		return p.AuthInfo.(credentials.TLSInfo).State.PeerCertificates[0], nil
	}
	before := dial(t, addr, serviceToken, config.TLS(client))
	if cert, err := signer(before); err != nil || cert.Subject.CommonName != "server-old" {
		t.Fatalf("before: %v, %v", cert, err)
	}
	next.Issue(t, "server-next").Take(t, dir, "server")
	if _, err := signer(dial(t, addr, serviceToken, config.TLS(client))); err == nil {
		t.Error("a client that trusts the old authority takes the new certificate")
	}
	next.Issue(t, "client-next").Take(t, dir, "client")
	if cert, err := signer(dial(t, addr, serviceToken, config.TLS(client))); err != nil || cert.Subject.CommonName != "server-next" {
		t.Errorf("after: %v, %v", cert, err)
	}
	if cert, err := signer(before); err != nil || cert.Subject.CommonName != "server-old" {
		t.Errorf("the connection from before: %v, %v", cert, err)
	}
	if err := os.WriteFile(server.Cert, []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if cert, err := signer(dial(t, addr, serviceToken, config.TLS(client))); err != nil || cert.Subject.CommonName != "server-next" {
		t.Errorf("with a spoilt file: %v, %v", cert, err)
	}
}

// TestARemovedAuthorityProvesNothing, from the next call on.
func TestARemovedAuthorityProvesNothing(t *testing.T) {
	services, old, next := certtest.New(t), certtest.New(t), certtest.New(t)
	server := config.TLS(services.Issue(t, "server"))
	server.CA = ""
	file, ca := filepath.Join(t.TempDir(), "tokens"), filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, file, "anna read cert:CN=anna")
	pem := func(a *certtest.Authority) string {
		text, err := os.ReadFile(a.CA())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	writeFile(t, ca, pem(old))
	_, addr := serve(t, rpc.ServerConfig{Tokens: file, ClientCA: ca, TLS: server}, whoami)
	shows := func(a *certtest.Authority) *grpc.ClientConn {
		files := config.TLS(a.Issue(t, "anna"))
		files.CA = services.CA()
		return dial(t, addr, "", files)
	}
	known := shows(old)
	if _, err := call(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	writeFile(t, ca, pem(old)+pem(next))
	for _, conn := range []*grpc.ClientConn{known, shows(old), shows(next)} {
		if _, err := call(t.Context(), conn); err != nil {
			t.Errorf("while both authorities hold: %v", err)
		}
	}
	writeFile(t, ca, pem(next))
	if _, err := call(t.Context(), known); status.Code(err) != codes.Unauthenticated && status.Code(err) != codes.Unavailable {
		t.Errorf("the authority is gone, and its certificate still holds: %v", err)
	}
	if _, err := call(t.Context(), shows(next)); err != nil {
		t.Errorf("the new authority: %v", err)
	}
}

// TestAnAuthorityThatIsItsOwnLeaf: a signer's own certificate, shown as a
// client's, is nobody's.
func TestAnAuthorityThatIsItsOwnLeaf(t *testing.T) {
	services := certtest.New(t)
	server := config.TLS(services.Issue(t, "server"))
	server.CA = ""
	file := filepath.Join(t.TempDir(), "tokens")
	writeFile(t, file, "anna read cert:CN=anna")
	pair := config.TLS(certtest.SelfSigned(t, "anna"))
	pair.CA = services.CA()
	_, addr := serve(t, rpc.ServerConfig{Tokens: file, ClientCA: pair.Cert, TLS: server}, whoami)
	if _, err := call(t.Context(), dial(t, addr, "", pair)); err == nil || !strings.Contains(err.Error(), "nauthenticated") {
		t.Errorf("a certificate that signs itself is let in: %v", err)
	}
}
