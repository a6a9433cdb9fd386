package rpc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/natter-chat/natter/services/internal/certs"
	"github.com/natter-chat/natter/services/internal/config"
)

func filesOf(files config.TLS) certs.Files {
	return certs.Files{Setting: "NATTER_TLS", Cert: files.Cert, Key: files.Key, CA: files.CA}
}

// serverCredentials ask clients for a certificate where there is a CA, and take
// one where there are signers, which prove who an admin is.
func serverCredentials(files config.TLS, signers *certs.Signers, log *slog.Logger) (credentials.TransportCredentials, error) {
	if files == (config.TLS{}) {
		return insecure.NewCredentials(), nil
	}
	if files.Cert == "" || files.Key == "" {
		return nil, errors.New("TLS needs both NATTER_TLS_CERT and NATTER_TLS_KEY")
	}
	watched, err := filesOf(files).Watch(log)
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return serverConfig(watched.Get(), signers), nil
		},
	}), nil
}

func serverConfig(now *tls.Config, signers *certs.Signers) *tls.Config {
	c := now.Clone()
	c.NextProtos, c.RootCAs = []string{"h2"}, nil
	// A session that is taken up again is not judged anew.
	c.SessionTicketsDisabled = true
	if now.RootCAs != nil {
		c.ClientCAs, c.ClientAuth = now.RootCAs, tls.RequireAndVerifyClientCert
	}
	if signers != nil {
		if c.ClientCAs == nil {
			c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
		} else {
			c.ClientCAs = c.ClientCAs.Clone()
		}
		signers.AddTo(c.ClientCAs)
	}
	return c
}

// clientCredentials, and whether they secure the transport.
func clientCredentials(files config.TLS) (credentials.TransportCredentials, bool, error) {
	if files == (config.TLS{}) {
		return insecure.NewCredentials(), false, nil
	}
	watched, err := filesOf(files).Watch(slog.Default())
	if err != nil {
		return nil, false, err
	}
	return renewed{TransportCredentials: credentials.NewTLS(watched.Get().Clone()), watched: watched}, true, nil
}

// renewed are credentials of a client that are read again for each connection.
type renewed struct {
	credentials.TransportCredentials
	watched *certs.Watched
}

func (r renewed) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return credentials.NewTLS(r.watched.Get().Clone()).ClientHandshake(ctx, authority, conn)
}

func (r renewed) Clone() credentials.TransportCredentials {
	return renewed{TransportCredentials: r.TransportCredentials.Clone(), watched: r.watched}
}
