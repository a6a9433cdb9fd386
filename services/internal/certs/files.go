package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/natter-chat/natter/services/internal/watchfile"
)

// Files are certificates and keys in PEM form. An empty name stands for none.
type Files struct {
	// Setting begins the names of the settings, such as NATTER_TLS for
	// NATTER_TLS_CERT, for errors.
	Setting string
	// Cert is this side's certificate with what leads to its authority, Key its key.
	Cert, Key string
	// CA are the authorities that may sign the other side's.
	CA string
}

// None tells that nothing is set.
func (f Files) None() bool { return f.Cert == "" && f.Key == "" && f.CA == "" }

// Watched is TLS as the files say now.
type Watched = watchfile.Value[*tls.Config]

// Watch reads the files. The configuration has the certificate, and the
// authorities as RootCAs; it must not be changed. The error names the setting.
func (f Files) Watch(log *slog.Logger) (*Watched, error) {
	return watchfile.New(log, f.load, f.Cert, f.Key, f.CA)
}

// Server is TLS for a server that asks clients for nothing. Cert and Key are needed.
func (f Files) Server(log *slog.Logger) (*tls.Config, error) {
	if f.Cert == "" || f.Key == "" {
		return nil, fmt.Errorf("TLS needs both %s_CERT and %[1]s_KEY", f.Setting)
	}
	watched, err := f.Watch(log)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return watched.Get(), nil },
	}, nil
}

func (f Files) load() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if (f.Cert == "") != (f.Key == "") {
		return nil, fmt.Errorf("%s_CERT and %[1]s_KEY go together; one of them is missing", f.Setting)
	}
	if f.Cert != "" {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("%s_CERT and %[1]s_KEY: %w", f.Setting, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if f.CA != "" {
		list, err := authorities(f.CA)
		if err != nil {
			return nil, fmt.Errorf("%s_CA: %w", f.Setting, err)
		}
		c.RootCAs = pool(list)
	}
	return c, nil
}

func authorities(path string) ([]*x509.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	list, err := parseAll(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(list) == 0 {
		return nil, errors.New(path + " holds no certificate in PEM form")
	}
	return list, nil
}

func pool(list []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, cert := range list {
		p.AddCert(cert)
	}
	return p
}
