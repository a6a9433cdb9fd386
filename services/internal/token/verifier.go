package token

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/natter-chat/natter/services/internal/secret"
)

// guestIssuer is the claim iss of guests' tokens.
const guestIssuer = "natter-guest"

// Config says which tokens hold.
type Config struct {
	// Secret of the application's issuer, for HS256. Empty: none with it.
	Secret []byte
	// Keys of the application's issuer, for RS256, ES256 and EdDSA. Nil: none
	// with them. With both, each token is checked by its own kind alone.
	Keys *Keys
	// Issuer and Audience, where set, must be in an issuer's token.
	Issuer, Audience string
	// GuestSecret of [Guests]. Empty: no guests.
	GuestSecret []byte
	// Leeway is how far the clocks of issuer and natter may differ, at most
	// [MaxLeeway].
	Leeway time.Duration
}

// MaxLeeway bounds the leeway: beyond it, clocks are wrong.
const MaxLeeway = 5 * time.Minute

// ErrNoKeys is in the chain of an [Error] about a token that cannot be checked
// now, since the issuer's keys were not to be had yet.
var ErrNoKeys = errors.New("the issuer's keys are not known yet")

// Verifier tells good tokens from bad. Safe for concurrent use.
type Verifier struct {
	cfg    Config
	parser *jwt.Parser
	guests *jwt.Validator
	issuer *jwt.Validator
	base64 *base64.Encoding
}

// NewVerifier makes a verifier that takes the time from now.
func NewVerifier(cfg Config, now func() time.Time) (*Verifier, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	common := []jwt.ParserOption{
		jwt.WithValidMethods(cfg.methods()),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(),
		jwt.WithLeeway(cfg.Leeway), jwt.WithTimeFunc(now),
	}
	v := &Verifier{cfg: cfg, parser: jwt.NewParser(common...), guests: jwt.NewValidator(common...), base64: base64.RawURLEncoding.Strict()}
	if cfg.Issuer != "" {
		common = append(common, jwt.WithIssuer(cfg.Issuer))
	}
	if cfg.Audience != "" {
		common = append(common, jwt.WithAudience(cfg.Audience))
	}
	v.issuer = jwt.NewValidator(common...)
	return v, nil
}

// methods are the algorithms that may be named at all. Which key each may be
// used with is told apart by [Verifier.key].
func (cfg Config) methods() []string {
	var list []string
	if len(cfg.Secret) > 0 || len(cfg.GuestSecret) > 0 {
		list = append(list, jwt.SigningMethodHS256.Alg())
	}
	if cfg.Keys != nil {
		list = append(list, jwt.SigningMethodRS256.Alg(), jwt.SigningMethodES256.Alg(), jwt.SigningMethodEdDSA.Alg())
	}
	return list
}

func (cfg Config) validate() error {
	if len(cfg.Secret) == 0 && len(cfg.GuestSecret) == 0 && cfg.Keys == nil {
		return errors.New("nobody could come in: set NATTER_JWT_SECRET or NATTER_JWKS, or allow guests with NATTER_GUESTS=true")
	}
	if len(cfg.Secret) > 0 {
		if err := secret.Check("NATTER_JWT_SECRET", string(cfg.Secret)); err != nil {
			return err
		}
	}
	if len(cfg.GuestSecret) > 0 {
		if err := secret.Check("NATTER_GUEST_SECRET", string(cfg.GuestSecret)); err != nil {
			return err
		}
	}
	switch {
	case len(cfg.Secret) > 0 && string(cfg.Secret) == string(cfg.GuestSecret):
		return errors.New("NATTER_JWT_SECRET and NATTER_GUEST_SECRET are the same; whoever signs users could sign guests")
	case cfg.Issuer == guestIssuer:
		return fmt.Errorf("NATTER_JWT_ISSUER cannot be %s, which is the issuer of guests", guestIssuer)
	case cfg.Leeway < 0 || cfg.Leeway > MaxLeeway:
		return fmt.Errorf("NATTER_JWT_LEEWAY: %s is not within 0 and %s", cfg.Leeway, MaxLeeway)
	}
	return nil
}

// Verify is who a token shows its bearer to be. Its errors are of type
// [*Error]; of a token that was good once they wrap [ErrExpired].
func (v *Verifier) Verify(token string) (Claims, error) {
	var p payload
	usual := v.usual(token, &p)
	if !usual {
		p = payload{}
		if err := checkForm(token); err != nil {
			return Claims{}, err
		}
		if _, err := v.parser.ParseWithClaims(token, &p, v.key); err != nil {
			return Claims{}, reason(err)
		}
	}
	claims, err := p.claims()
	if err != nil {
		return Claims{}, err
	}
	claims.Guest = p.Issuer == guestIssuer
	if claims.Guest != strings.HasPrefix(claims.User, GuestPrefix) {
		return Claims{}, invalid("token", "user ids that begin with guest: are for natter's own guests, and for nobody else", nil)
	}
	if !claims.Guest && !usual {
		if err := v.issuer.Validate(&p); err != nil {
			return Claims{}, reason(err)
		}
	}
	return claims, nil
}

// The header of a token for HS256, as it is nearly always written.
const (
	algTyp = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" // {"alg":"HS256","typ":"JWT"}
	typAlg = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9" // {"typ":"JWT","alg":"HS256"}
)

// usual reads a token with a header that needs no decoding, and tells whether it
// holds. Of every other one, the parser says what it is or what is wrong with it.
func (v *Verifier) usual(token string, p *payload) bool {
	header, rest, _ := strings.Cut(token, ".")
	body, signature, _ := strings.Cut(rest, ".")
	if header != algTyp && header != typAlg || len(token) > maxToken {
		return false
	}
	data, err := v.base64.DecodeString(body)
	if err != nil || !utf8.Valid(data) || json.Unmarshal(data, p) != nil {
		return false
	}
	key, validator := v.cfg.Secret, v.issuer
	if p.Issuer == guestIssuer {
		key, validator = v.cfg.GuestSecret, v.guests
	}
	mac, err := v.base64.DecodeString(signature)
	return err == nil && len(key) > 0 && jwt.SigningMethodHS256.Verify(token[:len(header)+1+len(body)], mac, key) == nil && validator.Validate(p) == nil
}

// VerifySeeking is Verify that first looks for newer keys where the token's is
// not known; that takes some seconds at most.
func (v *Verifier) VerifySeeking(ctx context.Context, token string) (Claims, error) {
	claims, err := v.Verify(token)
	if errors.Is(err, ErrUnknownKey) || errors.Is(err, ErrNoKeys) {
		v.cfg.Keys.seek(ctx)
		return v.Verify(token)
	}
	return claims, err
}

// key is what the token must be signed with. Which one that is depends on the
// token; what each may sign, and by which algorithm, does not.
func (v *Verifier) key(t *jwt.Token) (any, error) {
	if _, critical := t.Header["crit"]; critical {
		return nil, errors.New("the header crit is not supported")
	}
	p, ok := t.Claims.(*payload)
	guest := ok && p.Issuer == guestIssuer
	if t.Method != jwt.SigningMethodHS256 {
		return v.publicKey(t, guest)
	}
	key := v.cfg.Secret
	if guest {
		key = v.cfg.GuestSecret
	}
	if len(key) == 0 {
		return nil, errors.New("tokens of this kind are not taken here")
	}
	return key, nil
}

func (v *Verifier) publicKey(t *jwt.Token, guest bool) (any, error) {
	if guest || v.cfg.Keys == nil { // guests are signed with a secret
		return nil, errors.New("tokens of this kind are not taken here")
	}
	set := v.cfg.Keys.set.Load()
	if set == nil {
		return nil, ErrNoKeys
	}
	return set.find(t.Header, t.Method.Alg())
}

// checkForm refuses what JSON decoding would mend, and what is too long to look at.
func checkForm(token string) error {
	if token == "" {
		return invalid("token", "there is no token", nil)
	}
	if len(token) > maxToken {
		return invalid("token", "the token is longer than 8 KiB", nil)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return invalid("token", "this is not a JWT", nil)
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !utf8.Valid(body) {
		return invalid("token", "this is not a JWT", nil)
	}
	return nil
}

func reason(err error) error {
	switch {
	case errors.Is(err, ErrUnknownKey):
		return invalid("token", ErrUnknownKey.Error(), err)
	case errors.Is(err, ErrNoKeys):
		return invalid("token", "tokens cannot be checked now, since the issuer's keys could not be read yet; try again in a moment", err)
	// An expired token with a bad signature is a bad one.
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return invalid("token", "the token's signature does not hold (only with the configured algorithm and key does it)", err)
	case errors.Is(err, jwt.ErrTokenExpired):
		return invalid("token", ErrExpired.Error(), ErrExpired)
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return invalid("token", "the token lacks a claim that is needed (exp, or as configured iss or aud)", err)
	case errors.Is(err, jwt.ErrTokenInvalidIssuer), errors.Is(err, jwt.ErrTokenInvalidAudience):
		return invalid("token", "the token is of another issuer or for another audience", err)
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return invalid("token", "the token is not valid yet; compare the clocks", err)
	}
	return invalid("token", "the token does not hold", err)
}
