// Package token holds the command that makes a user's token, for tests.
package token

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/natter-chat/natter/services/natterctl/command"
)

// Token is `token`. It asks no server.
type Token struct {
	command.Alone
	Signer

	User string        `required:"" help:"User id: the token's sub." placeholder:"USER"`
	Name string        `help:"Display name; the user id if there is none."`
	TTL  time.Duration `name:"ttl" default:"1h" help:"How long it holds." placeholder:"TIME"`
}

// Signer holds what tokens are signed with.
type Signer struct {
	JWTSecret     string `name:"jwt-secret" env:"NATTER_JWT_SECRET" help:"The gateways' secret. Others on this machine can read a command line: rather use the variable or a file." placeholder:"SECRET"`
	JWTSecretFile string `name:"jwt-secret-file" env:"NATTER_JWT_SECRET_FILE" help:"File that holds it; data/secrets/jwt-secret of the standalone program." placeholder:"FILE"`
	JWTIssuer     string `name:"jwt-issuer" env:"NATTER_JWT_ISSUER" help:"The token's iss, where the gateways ask for one." placeholder:"ISSUER"`
	JWTAudience   string `name:"jwt-audience" env:"NATTER_JWT_AUDIENCE" help:"The token's aud, where the gateways ask for one." placeholder:"AUDIENCE"`
}

// Validate is called by the parser.
func (t *Token) Validate() error {
	switch {
	case t.TTL <= 0:
		return errors.New("--ttl: a token holds for some time")
	case len(t.User) > 128 || t.User == "":
		return errors.New("--user: a user id has 1 to 128 bytes")
	}
	return nil
}

// Run prints the token alone, so that it can be passed on, and tells beside it
// until when it holds.
func (t *Token) Run(env *command.Env) error {
	secret, err := t.Secret()
	if err != nil {
		return err
	}
	expires := time.Now().Add(t.TTL)
	text, err := t.Sign(secret, t.User, t.Name, expires)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "for %s until %s\n", command.Clean(t.User), expires.UTC().Format(time.DateTime)+"Z")
	_, err = fmt.Fprintln(env.Stdout, text)
	return err
}

// Secret is what is signed with.
func (s *Signer) Secret() (string, error) {
	secret, err := command.Secret(s.JWTSecret, s.JWTSecretFile, "a JWT secret", "--jwt-secret or NATTER_JWT_SECRET, --jwt-secret-file or NATTER_JWT_SECRET_FILE")
	if err != nil {
		return "", err
	}
	if secret == "" {
		return "", &command.Advised{
			Err:  errors.New("there is no secret to sign tokens with"),
			Next: "set NATTER_JWT_SECRET or NATTER_JWT_SECRET_FILE; the standalone program keeps its own in data/secrets/jwt-secret. With NATTER_JWKS, ask your identity provider for a token.",
		}
	}
	return secret, nil
}

// Sign makes a user's token.
func (s *Signer) Sign(secret, user, name string, expires time.Time) (string, error) {
	if name == "" {
		name = user
	}
	claims := jwt.MapClaims{"sub": user, "name": name, "iat": jwt.NewNumericDate(time.Now()), "exp": jwt.NewNumericDate(expires)}
	if s.JWTIssuer != "" {
		claims["iss"] = s.JWTIssuer
	}
	if s.JWTAudience != "" {
		claims["aud"] = s.JWTAudience
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
}
