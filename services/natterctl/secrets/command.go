// Package secrets holds the command that makes what a new deployment needs to
// be closed to others: passwords, tokens, and keys for NATS.
package secrets

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/secret"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Make is `secrets`. It asks no server.
type Make struct {
	Dir      string `arg:"" help:"Directory for them; it is made if it is not there."`
	Database string `name:"database" default:"postgres:5432/natter" placeholder:"HOST:PORT/NAME" help:"Where the services find PostgreSQL (user natter)."`
	SSLMode  string `name:"sslmode" default:"disable" placeholder:"MODE" help:"How history secures its connection to PostgreSQL: disable, require, verify-ca or verify-full."`
	TLSCert  string `name:"nats-tls-cert" placeholder:"FILE" help:"Certificate of the NATS servers, where they find it (PEM); clients then need TLS."`
	TLSKey   string `name:"nats-tls-key" placeholder:"FILE" help:"Key of that certificate."`
	TLSCA    string `name:"nats-tls-ca" placeholder:"FILE" help:"Certificates of who must have signed those of the services."`
	MaxStore int64  `name:"nats-max-store" default:"25769803776" placeholder:"BYTES" help:"What JetStream may keep on one NATS server; at least NATTER_PARTITIONS times NATTER_LOG_MAX_BYTES."`
}

// Run makes each file that is not there. What is there is kept; only the
// configurations of NATS are written anew, from the keys: a new version may
// grant other rights.
func (m *Make) Run(env *command.Env) error {
	if err := os.MkdirAll(m.Dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"jwt-secret", "guest-secret", "service-token", "admin-token", "grafana-password"} {
		if _, err := m.keep(name); err != nil {
			return err
		}
	}
	if err := m.database(); err != nil {
		return err
	}
	keys, err := m.keys()
	if err != nil {
		return err
	}
	if err := m.servers(keys); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "The secrets are in %s; keep a copy where only you can read it.\n", m.Dir)
	return err
}

// keep is a random secret that is made once.
func (m *Make) keep(name string) (string, error) {
	path := filepath.Join(m.Dir, name)
	value, err := secret.Keep(path)
	if err != nil {
		return "", err
	}
	return value, open(path)
}

// database is the password of PostgreSQL, and the URL that it makes.
func (m *Make) database() error {
	password, err := m.keep("postgres-password")
	if err != nil {
		return err
	}
	return m.once("store-url", "postgres://natter:"+password+"@"+m.Database+"?sslmode="+m.SSLMode+"\n")
}

// keys are an nkey per service, and one for repairs by hand.
func (m *Make) keys() (natsx.Keys, error) {
	made, err := natsx.NewKeys(natsx.Operator)
	if err != nil {
		return nil, err
	}
	keys := natsx.Keys{}
	for service, key := range made {
		name := "nats-" + service + ".seed"
		if err := m.once(name, string(key.Seed)+"\n"); err != nil {
			return nil, err
		}
		if keys[service], err = readKey(filepath.Join(m.Dir, name)); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// once writes a file unless it is there.
func (m *Make) once(name, content string) error {
	path := filepath.Join(m.Dir, name)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Sync(), file.Close(), open(path))
}

// open lets the containers' users read a file; the directory keeps others on
// this machine out.
func open(path string) error { return os.Chmod(path, 0o444) }
