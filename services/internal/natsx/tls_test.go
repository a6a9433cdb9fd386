package natsx_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/natter-chat/natter/services/internal/certs"
	"github.com/natter-chat/natter/services/internal/certtest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// secured runs a server that is rendered with TLS.
func secured(t *testing.T, keys natsx.Keys, files certtest.Files) *server.Server {
	t.Helper()
	var text strings.Builder
	err := natsx.ServerConfig(&text, natsx.ServerOptions{
		Name: "secured", Listen: "127.0.0.1:-1", StoreDir: t.TempDir(), MaxStore: 1 << 30, Keys: keys,
		TLS: &natsx.ServerTLS{Cert: files.Cert, Key: files.Key, CA: files.CA},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "nats.conf")
	writeFile(t, path, text.String())
	options, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return s
}

// TestTLS: only with the right authority on either side, and with certificates
// that are replaced while the connection is there.
func TestTLS(t *testing.T) {
	old, next := certtest.New(t), certtest.New(t)
	keys, err := natsx.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	theirs := old.Issue(t, "server").Take(t, dir, "server")
	s := secured(t, keys, theirs)
	files := func(f certtest.Files) certs.Files {
		return certs.Files{Setting: "NATTER_NATS", Cert: f.Cert, Key: f.Key, CA: f.CA}
	}
	connect := func(tls certs.Files, patience time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		nc, err := natsx.Connect(ctx, natsx.Options{
			URL: s.ClientURL(), Seed: keys[natsx.Gateway].Seed, Service: natsx.Gateway, Instance: "g", TLS: tls, Log: slog.New(slog.DiscardHandler),
		})
		if err == nil {
			nc.Close()
		}
		return err
	}
	ours := old.Issue(t, "client").Take(t, dir, "client")
	if err := connect(files(ours), 30*time.Second); err != nil {
		t.Errorf("both sides known: %v", err)
	}
	for name, tls := range map[string]certs.Files{
		"no certificate": {Setting: "NATTER_NATS", CA: ours.CA}, "another authority's": files(next.Issue(t, "client")), "in the clear": {},
	} {
		if err := connect(tls, time.Second); err == nil {
			t.Errorf("%s is let in", name)
		}
	}
	if err := connect(certs.Files{Setting: "NATTER_NATS", Cert: "x"}, time.Second); err == nil || !strings.Contains(err.Error(), "NATTER_NATS_CERT and NATTER_NATS_KEY") {
		t.Errorf("a certificate without its key: %v", err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	nc, err := natsx.Connect(ctx, natsx.Options{
		URL: s.ClientURL(), Seed: keys[natsx.Gateway].Seed, Service: natsx.Gateway, Instance: "g", TLS: files(ours), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	next.Issue(t, "server").Take(t, dir, "server")
	next.Issue(t, "client").Take(t, dir, "client")
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushWithContext(ctx); err != nil {
		t.Errorf("the connection from before: %v", err)
	}
	if err := nc.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushWithContext(ctx); err != nil {
		t.Fatalf("the connection, made again: %v", err)
	}
	state, err := nc.TLSConnectionState()
	if err != nil {
		t.Fatal(err)
	}
	if err := state.PeerCertificates[0].CheckSignatureFrom(state.VerifiedChains[0][1]); err != nil || state.VerifiedChains[0][1].SerialNumber.Cmp(serial(t, next.CA())) != 0 {
		t.Errorf("it shows %v, signed by %v", state.PeerCertificates[0].Subject, state.VerifiedChains[0][1].SerialNumber)
	}
}

// serial is that of the certificate in a file.
func serial(t *testing.T, path string) *big.Int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert.SerialNumber
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
