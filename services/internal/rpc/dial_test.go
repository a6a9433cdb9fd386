package rpc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/natter-chat/natter/services/internal/config"
)

// authority makes certificates for 127.0.0.1 in a directory.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	a.key = a.write(t, "ca", a.cert)
	return a
}

func (a *authority) write(t *testing.T, name string, template *x509.Certificate) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(a.dir, name+file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

// issue makes a certificate of a server that is also a client.
func (a *authority) issue(t *testing.T, name string) config.TLS {
	t.Helper()
	a.write(t, name, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	return config.TLS{
		Cert: filepath.Join(a.dir, name+".pem"), Key: filepath.Join(a.dir, name+".key"), CA: filepath.Join(a.dir, "ca.pem"),
	}
}

func TestTLS(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	server, client, foreign := ours.issue(t, "server"), ours.issue(t, "client"), others.issue(t, "client")
	withoutCA := server
	withoutCA.CA = ""
	for _, c := range []struct {
		name           string
		server, client config.TLS
		ok             bool
	}{
		{"both sides known", server, client, true},
		{"client without certificate", server, config.TLS{CA: client.CA}, false},
		{"client of another authority", server, config.TLS{Cert: foreign.Cert, Key: foreign.Key, CA: client.CA}, false},
		{"server of another authority", server, foreign, false},
		{"server that asks for none", withoutCA, config.TLS{CA: client.CA}, true},
		{"client in the clear", server, config.TLS{}, false},
		{"server in the clear", config.TLS{}, client, false},
	} {
		cfg := tokens()
		cfg.TLS = c.server
		_, addr := serve(t, cfg, whoami)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := call(ctx, dial(t, addr, serviceToken, c.client))
		cancel()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestCallsGoToWhoServes: in turn to all, and none to a server that drains.
func TestCallsGoToWhoServes(t *testing.T) {
	named := func(name string) method { return func(context.Context) (string, error) { return name, nil } }
	a, addrA := serve(t, tokens(), named("a"))
	_, addrB := serve(t, tokens(), named("b"))

	names := manual.NewBuilderWithScheme("natter-test")
	names.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: addrA}, {Addr: addrB}}})
	resolver.Register(names)
	conn := dial(t, "natter-test:///both", serviceToken, config.TLS{})
	within(t, "both serve", func() bool { return tally(t, conn) == [2]int{5, 5} })
	a.SetServing(false)
	within(t, "only b serves", func() bool { return tally(t, conn) == [2]int{0, 10} })
	a.SetServing(true)
	within(t, "both serve again", func() bool { return tally(t, conn) == [2]int{5, 5} })
}

func tally(t *testing.T, conn *grpc.ClientConn) (count [2]int) {
	t.Helper()
	for range 10 {
		name, err := call(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		count[name[0]-'a']++
	}
	return count
}

func within(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}
