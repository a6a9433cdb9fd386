package natsx

import (
	"fmt"

	"github.com/nats-io/nkeys"
)

// Key is how one service proves who it is to NATS.
type Key struct {
	// Seed is the secret: an nkey seed ("SU…").
	Seed []byte
	// Public is what the server knows of it ("U…").
	Public string
}

// Keys are one key per service.
type Keys map[string]Key

// NewKeys makes a new key for each of [Services], and for the further ones.
func NewKeys(further ...string) (Keys, error) {
	keys := Keys{}
	for _, service := range append(Services(), further...) {
		pair, err := nkeys.CreateUser()
		if err != nil {
			return nil, fmt.Errorf("natsx: make a key for %s: %w", service, err)
		}
		seed, err := pair.Seed()
		if err != nil {
			return nil, fmt.Errorf("natsx: make a key for %s: %w", service, err)
		}
		if keys[service], err = KeyOf(seed); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// KeyOf is the key of a seed that was kept.
func KeyOf(seed []byte) (Key, error) {
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		return Key{}, fmt.Errorf("natsx: read an nkey seed: %w", err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		return Key{}, fmt.Errorf("natsx: read an nkey seed: %w", err)
	}
	if !nkeys.IsValidPublicUserKey(public) {
		return Key{}, fmt.Errorf("natsx: the nkey seed is not a user's (those begin with SU)")
	}
	return Key{Seed: seed, Public: public}, nil
}
