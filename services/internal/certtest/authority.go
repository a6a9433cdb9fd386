// Package certtest makes certificates for tests: of 127.0.0.1, good for an hour,
// for servers and clients alike.
package certtest

import (
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
)

// Authority signs certificates, and keeps them in a directory of the test's.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Files are the names of PEM files.
type Files struct {
	// Cert and Key of the certificate, CA of who signed it.
	Cert, Key, CA string
}

// New makes an authority.
func New(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{dir: t.TempDir()}
	a.cert = template("ca")
	a.cert.IsCA, a.cert.BasicConstraintsValid, a.cert.KeyUsage = true, true, x509.KeyUsageCertSign
	a.key = write(t, a.dir, "ca", a.cert, a.cert, nil)
	return a
}

// CA is the file of the authority's own certificate.
func (a *Authority) CA() string { return filepath.Join(a.dir, "ca.pem") }

// Issue makes a certificate whose common name is name.
func (a *Authority) Issue(t testing.TB, name string) Files {
	t.Helper()
	leaf := template(name)
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	leaf.DNSNames = []string{"localhost"}
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	write(t, a.dir, name, leaf, a.cert, a.key)
	return Files{Cert: filepath.Join(a.dir, name+".pem"), Key: filepath.Join(a.dir, name+".key"), CA: a.CA()}
}

// SelfSigned makes a certificate that no authority signed; CA is itself.
func SelfSigned(t testing.TB, name string) Files {
	t.Helper()
	dir, leaf := t.TempDir(), template(name)
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	write(t, dir, name, leaf, leaf, nil)
	cert := filepath.Join(dir, name+".pem")
	return Files{Cert: cert, Key: filepath.Join(dir, name+".key"), CA: cert}
}

// Take copies files over those in a directory, named after a side, each at once
// as a whole, as a renewed certificate comes.
func (f Files) Take(t testing.TB, dir, side string) Files {
	t.Helper()
	here := Files{Cert: filepath.Join(dir, side+".pem"), Key: filepath.Join(dir, side+".key"), CA: filepath.Join(dir, side+"-ca.pem")}
	for to, from := range map[string]string{here.Cert: f.Cert, here.Key: f.Key, here.CA: f.CA} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+".new", content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(to+".new", to); err != nil {
			t.Fatal(err)
		}
	}
	return here
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
}

// write makes a key, signs with signer or, without one, with that key.
func write(t testing.TB, dir, name string, cert, parent *x509.Certificate, signer *ecdsa.PrivateKey) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name+file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key
}
