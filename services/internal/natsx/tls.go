package natsx

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go"
)

// secure is the option to connect with TLS alone, as the files say when a
// connection is made.
func (o Options) secure(log *slog.Logger) (nats.Option, error) {
	watched, err := o.TLS.Watch(log)
	if err != nil {
		return nil, fmt.Errorf("natsx: connect: %w", err)
	}
	var shown nats.TLSCertHandler
	if o.TLS.Cert != "" {
		shown = func() (tls.Certificate, error) { return watched.Get().Certificates[0], nil }
	}
	return nats.ClientTLSConfig(shown, func() (*x509.CertPool, error) { return watched.Get().RootCAs, nil }), nil
}
