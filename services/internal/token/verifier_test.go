package token_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/natter-chat/natter/services/internal/token"
)

const (
	issuerSecret = "the-issuer's-secret-of-tests-only"
	guestSecret  = "the-guests'-secret-of-tests-only!"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func now() time.Time { return start }

func both() token.Config {
	return token.Config{Secret: []byte(issuerSecret), GuestSecret: []byte(guestSecret)}
}

func verifier(t testing.TB, cfg token.Config, now func() time.Time) *token.Verifier {
	t.Helper()
	v, err := token.NewVerifier(cfg, now)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sign makes a token as an issuer would, or a forger.
func sign(t testing.TB, method jwt.SigningMethod, secret any, claims jwt.MapClaims) string {
	t.Helper()
	text, err := jwt.NewWithClaims(method, claims).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func hs256(t testing.TB, secret string, claims jwt.MapClaims) string {
	t.Helper()
	return sign(t, jwt.SigningMethodHS256, []byte(secret), claims)
}

// with is a good token's claims, changed. A nil value takes one away.
func with(changes jwt.MapClaims) jwt.MapClaims {
	claims := jwt.MapClaims{"sub": "ana", "name": "Ana", "iat": start.Unix(), "exp": start.Add(time.Hour).Unix()}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

func TestVerify(t *testing.T) {
	v := verifier(t, both(), now)
	got, err := v.Verify(hs256(t, issuerSecret, with(jwt.MapClaims{"picture": "https://pics.example/ana.png", "role": "ignored"})))
	if err != nil {
		t.Fatal(err)
	}
	if got.User != "ana" || got.Name != "Ana" || got.Avatar != "https://pics.example/ana.png" || got.Guest {
		t.Errorf("the claims are %+v", got)
	}
	if !got.IssuedAt.Equal(start) || !got.Expires.Equal(start.Add(time.Hour)) {
		t.Errorf("from %s to %s", got.IssuedAt, got.Expires)
	}
}

func TestVerifyTakes(t *testing.T) {
	v := verifier(t, both(), now)
	for name, c := range map[string]struct {
		changes jwt.MapClaims
		want    token.Claims
	}{
		"no name":              {jwt.MapClaims{"name": nil}, token.Claims{User: "ana"}},
		"spaces around a name": {jwt.MapClaims{"name": "  Ana B \t"}, token.Claims{User: "ana", Name: "Ana B"}},
		"the longest":          {jwt.MapClaims{"sub": strings.Repeat("é", 64), "name": strings.Repeat("n", 128)}, token.Claims{User: strings.Repeat("é", 64), Name: strings.Repeat("n", 128)}},
		"an address":           {jwt.MapClaims{"sub": "ana.b@x.org"}, token.Claims{User: "ana.b@x.org", Name: "Ana"}},
		"a user named guest":   {jwt.MapClaims{"sub": "guest"}, token.Claims{User: "guest", Name: "Ana"}},
		"a picture of no use":  {jwt.MapClaims{"picture": "javascript:alert(1)"}, token.Claims{User: "ana", Name: "Ana"}},
		"a picture, relative":  {jwt.MapClaims{"picture": "/ana.png"}, token.Claims{User: "ana", Name: "Ana"}},
		"a picture, very long": {jwt.MapClaims{"picture": "https://x.org/" + strings.Repeat("a", 2048)}, token.Claims{User: "ana", Name: "Ana"}},
		"no iat":               {jwt.MapClaims{"iat": nil}, token.Claims{User: "ana", Name: "Ana"}},
		"any issuer":           {jwt.MapClaims{"iss": "someone", "aud": "something"}, token.Claims{User: "ana", Name: "Ana"}},
	} {
		got, err := v.Verify(hs256(t, issuerSecret, with(c.changes)))
		if err != nil || got.User != c.want.User || got.Name != c.want.Name || got.Avatar != c.want.Avatar || got.Guest {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if name == "no iat" && !got.IssuedAt.IsZero() {
			t.Errorf("issued at %s, and the token does not say", got.IssuedAt)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	v := verifier(t, both(), now)
	good := hs256(t, issuerSecret, with(nil))
	parts := strings.Split(good, ".")
	none := sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, with(nil))
	critical := jwt.NewWithClaims(jwt.SigningMethodHS256, with(nil))
	critical.Header["crit"] = []string{"x"}
	criticalText, err := critical.SignedString([]byte(issuerSecret))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":                  "",
		"rubbish":                  "rubbish",
		"dots":                     "..",
		"two parts":                parts[0] + "." + parts[1],
		"four parts":               good + ".x",
		"too long":                 strings.Repeat("a", 9000),
		"no signature":             parts[0] + "." + parts[1] + ".",
		"cut signature":            good[:len(good)-1],
		"other signature":          parts[0] + "." + parts[1] + "." + strings.Split(hs256(t, issuerSecret, with(jwt.MapClaims{"sub": "bob"})), ".")[2],
		"space behind":             good + " ",
		"body not UTF-8":           parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte("{\"sub\":\"\xff\"}")) + "." + parts[2],
		"alg none":                 none,
		"alg none, with signature": none + parts[2],
		"alg HS512":                sign(t, jwt.SigningMethodHS512, []byte(issuerSecret), with(nil)),
		"another secret":           hs256(t, "another secret", with(nil)),
		"the guests' secret":       hs256(t, guestSecret, with(nil)),
		"crit":                     criticalText,
		"no sub":                   hs256(t, issuerSecret, with(jwt.MapClaims{"sub": nil})),
		"empty sub":                hs256(t, issuerSecret, with(jwt.MapClaims{"sub": ""})),
		"long sub":                 hs256(t, issuerSecret, with(jwt.MapClaims{"sub": strings.Repeat("a", 129)})),
		"sub with newline":         hs256(t, issuerSecret, with(jwt.MapClaims{"sub": "ana\nbob"})),
		"sub with NUL":             hs256(t, issuerSecret, with(jwt.MapClaims{"sub": "ana\x00"})),
		"sub a number":             hs256(t, issuerSecret, with(jwt.MapClaims{"sub": 7})),
		"long name":                hs256(t, issuerSecret, with(jwt.MapClaims{"name": strings.Repeat("a", 129)})),
		"name with escape":         hs256(t, issuerSecret, with(jwt.MapClaims{"name": "\x1b[31mAna"})),
		"no exp":                   hs256(t, issuerSecret, with(jwt.MapClaims{"exp": nil})),
		"exp a text":               hs256(t, issuerSecret, with(jwt.MapClaims{"exp": "tomorrow"})),
		"not yet":                  hs256(t, issuerSecret, with(jwt.MapClaims{"nbf": start.Add(time.Minute).Unix()})),
		"issuer's token, guest":    hs256(t, issuerSecret, with(jwt.MapClaims{"sub": "guest:abcd"})),
		"issuer as guests' issuer": hs256(t, issuerSecret, with(jwt.MapClaims{"sub": "guest:abcd", "iss": "natter-guest"})),
		"guests' secret, a user":   hs256(t, guestSecret, with(jwt.MapClaims{"iss": "natter-guest"})),
	} {
		claims, err := v.Verify(text)
		var typed *token.Error
		if !errors.As(err, &typed) || typed.Field != "token" || typed.Message == "" {
			t.Errorf("%s: %+v, %v", name, claims, err)
			continue
		}
		if errors.Is(err, token.ErrExpired) {
			t.Errorf("%s counts as expired: %v", name, err)
		}
		if claims != (token.Claims{}) {
			t.Errorf("%s is refused, and its claims are told: %+v", name, claims)
		}
	}
}

func TestExpiry(t *testing.T) {
	at := start
	cfg := both()
	cfg.Leeway = 10 * time.Second
	v := verifier(t, cfg, func() time.Time { return at })
	text := hs256(t, issuerSecret, with(nil))
	for _, c := range []struct {
		after   time.Duration
		expired bool
	}{{0, false}, {time.Hour, false}, {time.Hour + 9*time.Second, false}, {time.Hour + 11*time.Second, true}, {24 * time.Hour, true}} {
		at = start.Add(c.after)
		if _, err := v.Verify(text); errors.Is(err, token.ErrExpired) != c.expired || (err != nil) != c.expired {
			t.Errorf("after %s: %v", c.after, err)
		}
	}
	forged := text[:strings.LastIndex(text, ".")] + "." + strings.Repeat("A", 43)
	if _, err := v.Verify(forged); err == nil || errors.Is(err, token.ErrExpired) {
		t.Errorf("a forged token that has expired: %v; it never was one", err)
	}
}

func TestIssuerAndAudience(t *testing.T) {
	cfg := both()
	cfg.Issuer, cfg.Audience = "https://id.example", "natter"
	v := verifier(t, cfg, now)
	for name, c := range map[string]struct {
		changes jwt.MapClaims
		ok      bool
	}{
		"both":              {jwt.MapClaims{"iss": "https://id.example", "aud": "natter"}, true},
		"one of audiences":  {jwt.MapClaims{"iss": "https://id.example", "aud": []string{"shop", "natter"}}, true},
		"another audience":  {jwt.MapClaims{"iss": "https://id.example", "aud": "shop"}, false},
		"no audience":       {jwt.MapClaims{"iss": "https://id.example"}, false},
		"another issuer":    {jwt.MapClaims{"iss": "https://id.example.org", "aud": "natter"}, false},
		"no issuer":         {jwt.MapClaims{"aud": "natter"}, false},
		"issuer of another": {jwt.MapClaims{"iss": "natter-guest", "aud": "natter"}, false},
	} {
		if _, err := v.Verify(hs256(t, issuerSecret, with(c.changes))); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	guests, err := token.NewGuests([]byte(guestSecret), now)
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := guests.Issue("Bo")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(text); err != nil {
		t.Errorf("a guest needs no audience of the issuer's: %v", err)
	}
}

func TestBadConfig(t *testing.T) {
	for says, cfg := range map[string]token.Config{
		"nobody could come in":    {},
		"NATTER_JWT_SECRET is":    {Secret: []byte("secret")},
		"NATTER_JWT_SECRET ha":    {Secret: []byte("short-0123")},
		"NATTER_GUEST_SECRET has": {Secret: []byte(issuerSecret), GuestSecret: []byte("short-0123")},
		"are the same":            {Secret: []byte(issuerSecret), GuestSecret: []byte(issuerSecret)},
		"NATTER_JWT_ISSUER":       {Secret: []byte(issuerSecret), Issuer: "natter-guest"},
		"NATTER_JWT_LEEWAY":       {Secret: []byte(issuerSecret), Leeway: -time.Second},
		"within 0 and 5m":         {Secret: []byte(issuerSecret), Leeway: time.Hour},
	} {
		if _, err := token.NewVerifier(cfg, now); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the error is %v; it should say %q", err, says)
		}
	}
}

// FuzzVerify: whatever comes, it is refused with an error of the right type,
// or its claims keep what they promise.
func FuzzVerify(f *testing.F) {
	v := verifier(f, both(), now)
	guests, err := token.NewGuests([]byte(guestSecret), now)
	if err != nil {
		f.Fatal(err)
	}
	guest, _, err := guests.Issue("Bo")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", ".", "..", "a.b.c", guest,
		hs256(f, issuerSecret, with(nil)), hs256(f, issuerSecret, with(jwt.MapClaims{"sub": "\u0085"})),
		sign(f, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, with(nil)),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkVerify(t, v, text)
	})
}

// FuzzClaims: the same for bodies that are signed as they should be.
func FuzzClaims(f *testing.F) {
	v := verifier(f, both(), now)
	for _, body := range []string{`{}`, `{"sub":"ana","exp":1e10}`, `{"sub":"guest:a","exp":1e10,"iss":"natter-guest"}`, `{"sub":["a"]}`, `{"exp":-1}`, `{"sub":"a","exp":1e300}`, `null`, `[]`, "{\"sub\":\"\xff\",\"exp\":1e10}"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(body))
		for _, secret := range []string{issuerSecret, guestSecret} {
			mac, err := jwt.SigningMethodHS256.Sign(head, []byte(secret))
			if err != nil {
				t.Fatal(err)
			}
			claims, ok := checkVerify(t, v, head+"."+base64.RawURLEncoding.EncodeToString(mac))
			if ok && claims.Guest != (secret == guestSecret) {
				t.Fatalf("signed with the secret of %s it makes %+v", secret, claims)
			}
		}
	})
}

func checkVerify(t *testing.T, v *token.Verifier, text string) (token.Claims, bool) {
	t.Helper()
	claims, err := v.Verify(text)
	if err != nil {
		var typed *token.Error
		if !errors.As(err, &typed) || typed.Field != "token" || typed.Message == "" || claims != (token.Claims{}) {
			t.Fatalf("Verify(%q) = %+v, %#v", text, claims, err)
		}
		return claims, false
	}
	if claims.User == "" || len(claims.User) > token.MaxUser || len(claims.Name) > token.MaxName || claims.Expires.Before(now()) ||
		strings.ContainsAny(claims.User+claims.Name, "\x00\n\r\x1b") || claims.Guest != strings.HasPrefix(claims.User, token.GuestPrefix) {
		t.Fatalf("Verify(%q) = %+v", text, claims)
	}
	return claims, true
}
