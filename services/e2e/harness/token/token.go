// Package token makes JWTs by hand, good ones and bad ones, so that the tests
// share no code with what checks them.
package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// Claims of a token; any JSON.
type Claims map[string]any

// For are the claims of an ordinary user's token: it holds for an hour.
func For(user, name string) Claims {
	now := time.Now()
	return Claims{"sub": user, "name": name, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
}

// With is a copy with one claim changed; nil takes it away.
func (c Claims) With(name string, value any) Claims {
	changed := Claims{}
	for k, v := range c {
		changed[k] = v
	}
	if changed[name] = value; value == nil {
		delete(changed, name)
	}
	return changed
}

// Sign is a token with HS256.
func (c Claims) Sign(secret string) string {
	return c.SignAs(`{"alg":"HS256","typ":"JWT"}`, secret)
}

// SignAs is a token with any header, its signature HMAC-SHA256 all the same.
func (c Claims) SignAs(header, secret string) string {
	signed := encode([]byte(header)) + "." + c.body()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// Unsigned is a token that says alg none, and has no signature.
func (c Claims) Unsigned() string { return encode([]byte(`{"alg":"none"}`)) + "." + c.body() + "." }

func (c Claims) body() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // the test wrote claims that are no JSON
	}
	return encode(b)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
