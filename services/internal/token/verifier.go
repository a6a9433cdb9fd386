package token

import (
	"encoding/base64"
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
	// Secret of the application's issuer. Empty: no tokens but guests'.
	Secret []byte
	// Issuer and Audience, where set, must be in an issuer's token.
	Issuer, Audience string
	// GuestSecret of [Guests]. Empty: no guests.
	GuestSecret []byte
	// Leeway is how far the clocks of issuer and natter may differ.
	Leeway time.Duration
}

// Verifier tells good tokens from bad. Safe for concurrent use.
type Verifier struct {
	cfg    Config
	parser *jwt.Parser
	issuer *jwt.Validator
}

// NewVerifier makes a verifier that takes the time from now.
func NewVerifier(cfg Config, now func() time.Time) (*Verifier, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	common := []jwt.ParserOption{
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(),
		jwt.WithLeeway(cfg.Leeway), jwt.WithTimeFunc(now),
	}
	v := &Verifier{cfg: cfg, parser: jwt.NewParser(common...)}
	if cfg.Issuer != "" {
		common = append(common, jwt.WithIssuer(cfg.Issuer))
	}
	if cfg.Audience != "" {
		common = append(common, jwt.WithAudience(cfg.Audience))
	}
	v.issuer = jwt.NewValidator(common...)
	return v, nil
}

func (cfg Config) validate() error {
	if len(cfg.Secret) == 0 && len(cfg.GuestSecret) == 0 {
		return errors.New("nobody could come in: set NATTER_JWT_SECRET, or allow guests with NATTER_GUESTS=true")
	}
	if len(cfg.Secret) > 0 {
		if err := secret.Check("NATTER_JWT_SECRET", string(cfg.Secret)); err != nil {
			return err
		}
	}
	if len(cfg.GuestSecret) > 0 {
		if err := secret.Check("the secret of guests", string(cfg.GuestSecret)); err != nil {
			return err
		}
	}
	switch {
	case string(cfg.Secret) == string(cfg.GuestSecret):
		return errors.New("NATTER_JWT_SECRET and the secret of guests are the same; whoever signs users could sign guests")
	case cfg.Issuer == guestIssuer:
		return fmt.Errorf("NATTER_JWT_ISSUER cannot be %s, which is the issuer of guests", guestIssuer)
	case cfg.Leeway < 0:
		return errors.New("the leeway of clocks is below 0")
	}
	return nil
}

// Verify is who a token shows its bearer to be. Its errors are of type
// [*Error]; of a token that was good once they wrap [ErrExpired].
func (v *Verifier) Verify(token string) (Claims, error) {
	if err := checkForm(token); err != nil {
		return Claims{}, err
	}
	var p payload
	if _, err := v.parser.ParseWithClaims(token, &p, v.key); err != nil {
		return Claims{}, reason(err)
	}
	claims, err := p.claims()
	if err != nil {
		return Claims{}, err
	}
	claims.Guest = p.Issuer == guestIssuer
	if claims.Guest != strings.HasPrefix(claims.User, GuestPrefix) {
		return Claims{}, invalid("token", "user ids that begin with guest: are for natter's own guests, and for nobody else", nil)
	}
	if !claims.Guest {
		if err := v.issuer.Validate(&p); err != nil {
			return Claims{}, reason(err)
		}
	}
	return claims, nil
}

// key is the secret that the token must be signed with. Which one that is
// depends on the token; what each may sign does not.
func (v *Verifier) key(t *jwt.Token) (any, error) {
	if _, critical := t.Header["crit"]; critical {
		return nil, errors.New("the header crit is not supported")
	}
	key := v.cfg.Secret
	if p, ok := t.Claims.(*payload); ok && p.Issuer == guestIssuer {
		key = v.cfg.GuestSecret
	}
	if len(key) == 0 {
		return nil, errors.New("tokens of this kind are not taken here")
	}
	return key, nil
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
	// An expired token with a bad signature is a bad one.
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return invalid("token", "the token's signature does not hold (only HS256 with the configured secret does)", err)
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
