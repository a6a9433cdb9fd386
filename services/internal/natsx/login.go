package natsx

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// login is the option that proves who this is.
func (o Options) login() (nats.Option, error) {
	switch {
	case len(o.Seed) > 0 && o.CredsFile != "":
		return nil, errors.New("natsx: connect: both a seed and a credentials file are given; one is enough")
	case len(o.Seed) > 0:
		return seedLogin(o.Seed)
	case o.CredsFile != "":
		return fileLogin(o.CredsFile)
	}
	return func(*nats.Options) error { return nil }, nil
}

func fileLogin(path string) (nats.Option, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("natsx: NATS credentials: %w", err)
	}
	if bytes.Contains(content, []byte("BEGIN NATS USER JWT")) {
		return nats.UserCredentials(path), nil
	}
	seed, err := nkeys.ParseDecoratedUserNKey(content)
	if err != nil {
		return nil, fmt.Errorf("natsx: %s is neither a .creds file nor a file with an nkey user seed: %w", path, err)
	}
	text, err := seed.Seed()
	if err != nil {
		return nil, fmt.Errorf("natsx: %s: %w", path, err)
	}
	return seedLogin(text)
}

func seedLogin(seed []byte) (nats.Option, error) {
	key, err := KeyOf(seed)
	if err != nil {
		return nil, err
	}
	return nats.Nkey(key.Public, func(nonce []byte) ([]byte, error) {
		pair, err := nkeys.FromSeed(key.Seed)
		if err != nil {
			return nil, err
		}
		defer pair.Wipe()
		return pair.Sign(nonce)
	}), nil
}
