package rpc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/natter-chat/natter/services/internal/config"
)

func serverCredentials(files config.TLS) (credentials.TransportCredentials, error) {
	if files == (config.TLS{}) {
		return insecure.NewCredentials(), nil
	}
	if files.Cert == "" || files.Key == "" {
		return nil, errors.New("TLS needs both NATTER_TLS_CERT and NATTER_TLS_KEY")
	}
	c, err := load(files)
	if err != nil {
		return nil, err
	}
	if c.RootCAs != nil {
		c.ClientCAs, c.ClientAuth = c.RootCAs, tls.RequireAndVerifyClientCert
	}
	return credentials.NewTLS(c), nil
}

// clientCredentials, and whether they secure the transport.
func clientCredentials(files config.TLS) (credentials.TransportCredentials, bool, error) {
	if files == (config.TLS{}) {
		return insecure.NewCredentials(), false, nil
	}
	c, err := load(files)
	if err != nil {
		return nil, false, err
	}
	return credentials.NewTLS(c), true, nil
}

func load(files config.TLS) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if (files.Cert == "") != (files.Key == "") {
		return nil, errors.New("NATTER_TLS_CERT and NATTER_TLS_KEY go together; one of them is missing")
	}
	if files.Cert != "" {
		pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
		if err != nil {
			return nil, fmt.Errorf("NATTER_TLS_CERT and NATTER_TLS_KEY: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if files.CA != "" {
		pem, err := os.ReadFile(files.CA)
		if err != nil {
			return nil, fmt.Errorf("NATTER_TLS_CA: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("NATTER_TLS_CA: %s holds no certificate in PEM form", files.CA)
		}
	}
	return c, nil
}
