package token

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// guestLife is how long a guest's token holds, and with it their user id.
const guestLife = 30 * 24 * time.Hour

// Guests makes users of those who only gave a name. Safe for concurrent use.
type Guests struct {
	secret   []byte
	now      func() time.Time
	verifier *Verifier
}

// NewGuests makes tokens with a secret that is used for nothing else.
func NewGuests(secret []byte, now func() time.Time) (*Guests, error) {
	verifier, err := NewVerifier(Config{GuestSecret: secret}, now)
	if err != nil {
		return nil, err
	}
	return &Guests{secret: secret, now: now, verifier: verifier}, nil
}

// Issue makes a new guest with a token for 30 days. The name, once trimmed,
// must have 1-128 bytes of UTF-8 without control characters.
func (g *Guests) Issue(name string) (string, Claims, error) {
	return g.sign(newGuest(), name)
}

// Verify is which guest a token shows its bearer to be; issuers' tokens are
// refused.
func (g *Guests) Verify(token string) (Claims, error) { return g.verifier.Verify(token) }

// Renew gives the guest of a token that still holds another 30 days, under
// the same user id. An empty name keeps the token's.
func (g *Guests) Renew(token, name string) (string, Claims, error) {
	old, err := g.verifier.Verify(token)
	if err != nil {
		return "", Claims{}, err
	}
	if strings.TrimSpace(name) == "" {
		name = old.Name
	}
	return g.sign(old.User, name)
}

func (g *Guests) sign(user, name string) (string, Claims, error) {
	name = strings.TrimSpace(name)
	if err := checkName("name", "the name", name, 1); err != nil {
		return "", Claims{}, err
	}
	now := g.now()
	p := payload{Name: name, RegisteredClaims: jwt.RegisteredClaims{
		Issuer: guestIssuer, Subject: user,
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(guestLife)),
	}}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, p).SignedString(g.secret)
	if err != nil {
		return "", Claims{}, fmt.Errorf("sign a guest's token: %w", err)
	}
	claims, err := p.claims()
	claims.Guest = true
	return token, claims, err
}

// newGuest is a user id with 80 random bits.
func newGuest() string {
	var b [10]byte
	rand.Read(b[:]) // never fails, by its contract
	return GuestPrefix + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}
