package certs

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"slices"

	"github.com/natter-chat/natter/services/internal/watchfile"
)

// Signers are the authorities in a file, as it is now.
type Signers struct {
	watched *watchfile.Value[[]*x509.Certificate]
}

// WatchSigners reads the authorities in the file that a setting names.
func WatchSigners(setting, path string, log *slog.Logger) (*Signers, error) {
	load := func() ([]*x509.Certificate, error) {
		list, err := authorities(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", setting, err)
		}
		return list, nil
	}
	watched, err := watchfile.New(log, load, path)
	return &Signers{watched: watched}, err
}

// AddTo adds them to a pool.
func (s *Signers) AddTo(p *x509.CertPool) {
	for _, cert := range s.watched.Get() {
		p.AddCert(cert)
	}
}

// Signed tells whether one of them is where any of these verified chains ends.
func (s *Signers) Signed(chains [][]*x509.Certificate) bool {
	for _, chain := range chains {
		if len(chain) > 1 && slices.ContainsFunc(s.watched.Get(), chain[len(chain)-1].Equal) {
			return true
		}
	}
	return false
}

func parseAll(text []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			return list, nil
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, cert)
	}
}
