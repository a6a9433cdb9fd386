package token_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/token"
)

const patience = 30 * time.Second

// pair is an issuer's key of one kind.
type pair struct {
	method  jwt.SigningMethod
	private crypto.Signer
}

func newRSA(t testing.TB, bits int) pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return pair{jwt.SigningMethodRS256, key}
}

func newEC(t testing.TB) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair{jwt.SigningMethodES256, key}
}

func newEd(t testing.TB) pair {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair{jwt.SigningMethodEdDSA, key}
}

// sign is a token of the key's; without a kid if that is empty.
func (p pair) sign(t testing.TB, kid string, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(p.method, claims)
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(p.private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// jwk is the public key as issuers publish it, with further fields.
func (p pair) jwk(kid string, more map[string]any) map[string]any {
	b64 := base64.RawURLEncoding.EncodeToString
	m := map[string]any{"kid": kid}
	switch key := p.private.Public().(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", b64(key.N.Bytes()), b64(big.NewInt(int64(key.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y
		if err != nil {
			panic(err)
		}
		m["kty"], m["crv"], m["x"], m["y"] = "EC", "P-256", b64(point[1:33]), b64(point[33:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", b64(key)
	}
	for name, value := range more {
		m[name] = value
	}
	return m
}

func jwks(keys ...map[string]any) []byte {
	data, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	return data
}

// keysOf are running keys of a source.
func keysOf(t testing.TB, cfg token.KeysConfig) *token.Keys {
	t.Helper()
	cfg.Log = slog.New(slog.DiscardHandler)
	if cfg.Refresh == 0 {
		cfg.Refresh = time.Hour
	}
	keys, err := token.NewKeys(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); keys.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return keys
}

// write replaces a file as orchestrators do: at once.
func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// fromFile is a verifier by a JWKS that is there already.
func fromFile(t testing.TB, data []byte, change ...func(*token.Config)) *token.Verifier {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jwks.json")
	write(t, path, data)
	cfg := token.Config{Keys: keysOf(t, token.KeysConfig{Source: path})}
	for _, c := range change {
		c(&cfg)
	}
	eventually(t, "the keys are read", func() bool { return cfg.Keys.Failing() == nil })
	return verifier(t, cfg, now)
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	natstest.Eventually(t, patience, what, condition)
}

func TestKeysOfEachKind(t *testing.T) {
	r, e, d := newRSA(t, 2048), newEC(t), newEd(t)
	v := fromFile(t, jwks(
		r.jwk("r", map[string]any{"alg": "RS256", "use": "sig"}), e.jwk("e", map[string]any{"key_ops": []string{"verify"}}), d.jwk("d", map[string]any{"alg": "Ed25519"}),
	))
	for kid, p := range map[string]pair{"r": r, "e": e, "d": d} {
		if claims, err := v.Verify(p.sign(t, kid, with(nil))); err != nil || claims.User != "ana" || claims.Guest {
			t.Errorf("%s: %+v, %v", kid, claims, err)
		}
	}
}

// TestAlgorithmIsTheKeys: whatever a token says of itself, only the key's own
// algorithm counts, and only for the key that it names.
func TestAlgorithmIsTheKeys(t *testing.T) {
	r, e, d, foreign := newRSA(t, 2048), newEC(t), newEd(t), newRSA(t, 2048)
	public, err := x509.MarshalPKIXPublicKey(r.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	v := fromFile(t, jwks(r.jwk("r", nil), e.jwk("e", nil), d.jwk("d", nil)), func(c *token.Config) { c.GuestSecret = []byte(guestSecret) })
	named := func(method jwt.SigningMethod, key any, kid any) string {
		token := jwt.NewWithClaims(method, with(nil))
		token.Header["kid"] = kid
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	inPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	for what, text := range map[string]string{
		"none":                              named(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "r"),
		"HS256 with the public key, DER":    named(jwt.SigningMethodHS256, public, "r"),
		"HS256 with the public key, PEM":    named(jwt.SigningMethodHS256, inPEM, "r"),
		"HS256 with the modulus":            named(jwt.SigningMethodHS256, r.private.Public().(*rsa.PublicKey).N.Bytes(), "r"),
		"HS256 with the guests' secret":     named(jwt.SigningMethodHS256, []byte(guestSecret), "r"),
		"RS512 with the right key":          named(jwt.SigningMethodRS512, r.private, "r"),
		"PS256 with the right key":          named(jwt.SigningMethodPS256, r.private, "r"),
		"another key's kid":                 r.sign(t, "e", with(nil)),
		"a foreign key under a known kid":   foreign.sign(t, "r", with(nil)),
		"an unknown kid":                    r.sign(t, "x", with(nil)),
		"no kid where there are several":    r.sign(t, "", with(nil)),
		"a kid that is a number":            named(jwt.SigningMethodRS256, r.private, 7),
		"a kid that is a list":              named(jwt.SigningMethodRS256, r.private, []string{"r"}),
		"a kid that is a path":              r.sign(t, "../../r", with(nil)),
		"an empty kid":                      named(jwt.SigningMethodRS256, r.private, ""),
		"a guest of the issuer":             r.sign(t, "r", with(jwt.MapClaims{"sub": "guest:abcdefgh"})),
		"a guest, as natter's":              r.sign(t, "r", with(jwt.MapClaims{"sub": "guest:abcdefgh", "iss": "natter-guest"})),
		"expired":                           r.sign(t, "r", with(jwt.MapClaims{"exp": start.Unix() - 60})),
		"expired, by a foreign key":         foreign.sign(t, "r", with(jwt.MapClaims{"exp": start.Unix() - 60})),
		"its own key in the header":         ownKey(t, foreign),
		"a signature of the wrong encoding": r.sign(t, "r", with(nil)) + "=",
	} {
		var told *token.Error
		if claims, err := v.Verify(text); !errors.As(err, &told) || told.Field != "token" || claims.User != "" {
			t.Errorf("%s: %+v, %v", what, claims, err)
		}
		if strings.Contains(what, "foreign") {
			if _, err := v.Verify(text); errors.Is(err, token.ErrExpired) {
				t.Errorf("%s is called expired, as if it had been good once", what)
			}
		}
	}
}

// ownKey brings the key that it is signed with.
func ownKey(t testing.TB, p pair) string {
	t.Helper()
	token := jwt.NewWithClaims(p.method, with(nil))
	token.Header["kid"], token.Header["jwk"], token.Header["jku"] = "r", p.jwk("r", nil), "https://evil.example/jwks.json"
	text, err := token.SignedString(p.private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheOnlyKeyNeedsNoName(t *testing.T) {
	r := newRSA(t, 2048)
	v := fromFile(t, jwks(r.jwk("r", nil)))
	if _, err := v.Verify(r.sign(t, "", with(nil))); err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(r.sign(t, "other", with(nil))); !errors.Is(err, token.ErrUnknownKey) {
		t.Errorf("another name: %v", err)
	}
}

// TestKeysThatAreNotTaken: each of them stands beside a good one, which works.
func TestKeysThatAreNotTaken(t *testing.T) {
	good, weak, r := newEC(t), newRSA(t, 1024), newRSA(t, 2048)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := base64.RawURLEncoding.EncodeToString([]byte(issuerSecret))
	b64 := base64.RawURLEncoding.EncodeToString
	for what, c := range map[string]struct {
		jwk  map[string]any
		text string
	}{
		"symmetric":           {map[string]any{"kty": "oct", "kid": "x", "k": secret, "alg": "HS256"}, hs256(t, issuerSecret, with(nil))},
		"weak":                {weak.jwk("x", nil), weak.sign(t, "x", with(nil))},
		"for encryption":      {r.jwk("x", map[string]any{"use": "enc"}), r.sign(t, "x", with(nil))},
		"not for verifying":   {r.jwk("x", map[string]any{"key_ops": []string{"encrypt"}}), r.sign(t, "x", with(nil))},
		"for another alg":     {r.jwk("x", map[string]any{"alg": "PS256"}), r.sign(t, "x", with(nil))},
		"for HS256":           {r.jwk("x", map[string]any{"alg": "HS256"}), r.sign(t, "x", with(nil))},
		"with the private":    {r.jwk("x", map[string]any{"d": "AQAB"}), r.sign(t, "x", with(nil))},
		"with an exponent 1":  {r.jwk("x", map[string]any{"e": "AQ"}), r.sign(t, "x", with(nil))},
		"of another curve":    {map[string]any{"kty": "EC", "crv": "P-384", "kid": "x", "x": b64(p384.X.FillBytes(make([]byte, 48))), "y": b64(p384.Y.FillBytes(make([]byte, 48)))}, sign(t, jwt.SigningMethodES384, p384, with(nil))},
		"off its curve":       {good.jwk("x", map[string]any{"y": b64(make([]byte, 32))}), good.sign(t, "x", with(nil))},
		"of an unknown kind":  {map[string]any{"kty": "ML-DSA", "kid": "x"}, good.sign(t, "x", with(nil))},
		"with nothing inside": {map[string]any{"kid": "x"}, good.sign(t, "x", with(nil))},
	} {
		v := fromFile(t, jwks(c.jwk, good.jwk("good", nil)))
		if claims, err := v.Verify(c.text); err == nil {
			t.Errorf("a key %s is taken: %+v", what, claims)
		}
		if _, err := v.Verify(good.sign(t, "good", with(nil))); err != nil {
			t.Errorf("beside a key %s: %v", what, err)
		}
	}
}

// TestSecretAndKeys: where both are configured, each checks its own kind.
func TestSecretAndKeys(t *testing.T) {
	r := newRSA(t, 2048)
	v := fromFile(t, jwks(r.jwk("r", nil)), func(c *token.Config) { c.Secret, c.GuestSecret = []byte(issuerSecret), []byte(guestSecret) })
	guest, _, err := newGuests(t, now).Issue("Bo")
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"secret": hs256(t, issuerSecret, with(nil)), "key": r.sign(t, "r", with(nil)), "guest": guest} {
		if _, err := v.Verify(text); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	alone := fromFile(t, jwks(r.jwk("r", nil)))
	if _, err := alone.Verify(hs256(t, issuerSecret, with(nil))); err == nil {
		t.Error("a secret that is not configured is taken")
	}
}

func TestAFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jwks.json")
	keys := keysOf(t, token.KeysConfig{Source: path})
	v := verifier(t, token.Config{Keys: keys}, now)
	old, next := newEC(t), newEC(t)
	if err := keys.Failing(); err == nil || !strings.Contains(err.Error(), "NATTER_JWKS") {
		t.Errorf("without a file: %v", err)
	}
	if _, err := v.Verify(old.sign(t, "old", with(nil))); !errors.Is(err, token.ErrNoKeys) {
		t.Errorf("without keys: %v", err)
	}
	eventually(t, "the reason is told", func() bool { err := keys.Failing(); return err != nil && strings.Contains(err.Error(), "no such file") })
	holds := func(p pair, kid string) func() bool {
		return func() bool { _, err := v.Verify(p.sign(t, kid, with(nil))); return err == nil }
	}
	write(t, path, jwks(old.jwk("old", nil)))
	eventually(t, "the file is found", holds(old, "old"))
	write(t, path, jwks(old.jwk("old", nil), next.jwk("next", nil)))
	eventually(t, "the next key is found", holds(next, "next"))
	write(t, path, jwks(next.jwk("next", nil)))
	eventually(t, "the old key is gone", func() bool { return !holds(old, "old")() })
	for _, bad := range []string{"", "{", `{"keys":[]}`, string(jwks(old.jwk("a", nil), old.jwk("a", nil))), strings.Repeat(" ", 2<<20)} {
		write(t, path, []byte(bad))
		if _, err := v.VerifySeeking(t.Context(), old.sign(t, "old", with(nil))); !errors.Is(err, token.ErrUnknownKey) {
			t.Errorf("%.20q: %v", bad, err)
		}
		if !holds(next, "next")() || keys.Failing() != nil {
			t.Errorf("%.20q took the last good keys away", bad)
		}
	}
}

// issuer serves a JWKS that can be changed and broken.
type issuer struct {
	*httptest.Server
	body   atomic.Pointer[[]byte]
	status atomic.Int32
	asked  atomic.Int32
}

func newIssuer(t testing.TB, body []byte) *issuer {
	t.Helper()
	i := &issuer{}
	i.body.Store(&body)
	i.status.Store(http.StatusOK)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.asked.Add(1)
		w.WriteHeader(int(i.status.Load()))
		_, _ = w.Write(*i.body.Load())
	}))
	t.Cleanup(i.Close)
	return i
}

func TestAURLThatFailsAtTheStartHeals(t *testing.T) {
	e := newEC(t)
	i := newIssuer(t, jwks(e.jwk("e", nil)))
	i.status.Store(http.StatusInternalServerError)
	keys := keysOf(t, token.KeysConfig{Source: i.URL})
	v := verifier(t, token.Config{Keys: keys}, now)
	eventually(t, "the reason is told", func() bool { err := keys.Failing(); return err != nil && strings.Contains(err.Error(), "500") })
	i.status.Store(http.StatusOK)
	eventually(t, "the keys are there", func() bool { return keys.Failing() == nil })
	if _, err := v.Verify(e.sign(t, "e", with(nil))); err != nil {
		t.Error(err)
	}
}

func TestAURLIsAskedAgain(t *testing.T) {
	old, next := newEC(t), newEC(t)
	i := newIssuer(t, jwks(old.jwk("old", nil)))
	keys := keysOf(t, token.KeysConfig{Source: i.URL, Refresh: 10 * time.Millisecond})
	v := verifier(t, token.Config{Keys: keys}, now)
	holds := func(p pair, kid string) func() bool {
		return func() bool { _, err := v.Verify(p.sign(t, kid, with(nil))); return err == nil }
	}
	eventually(t, "the keys are there", holds(old, "old"))
	i.status.Store(http.StatusBadGateway)
	before := i.asked.Load()
	eventually(t, "it has failed for a while", func() bool { return i.asked.Load() > before+3 })
	if !holds(old, "old")() || keys.Failing() != nil {
		t.Error("an issuer that fails takes the last good keys away")
	}
	body := jwks(next.jwk("next", nil))
	i.body.Store(&body)
	i.status.Store(http.StatusOK)
	eventually(t, "the next key is there", holds(next, "next"))
	if holds(old, "old")() {
		t.Error("a key that is gone still holds")
	}
}

// TestUnknownKeyIsSought: at once, and then not again for a while, whatever
// names come.
func TestUnknownKeyIsSought(t *testing.T) {
	old, next := newEC(t), newEC(t)
	i := newIssuer(t, jwks(old.jwk("old", nil)))
	const pause = 300 * time.Millisecond
	keys := keysOf(t, token.KeysConfig{Source: i.URL, Pause: pause})
	v := verifier(t, token.Config{Keys: keys}, now)
	eventually(t, "the keys are there", func() bool { return keys.Failing() == nil })
	body := jwks(old.jwk("old", nil), next.jwk("next", nil))
	i.body.Store(&body)
	eventually(t, "the next key is found", func() bool {
		_, err := v.VerifySeeking(t.Context(), next.sign(t, "next", with(nil)))
		return err == nil
	})
	asked, began := i.asked.Load(), time.Now()
	forged := next.sign(t, "made-up", with(nil))
	for range 500 {
		if _, err := v.VerifySeeking(t.Context(), forged); !errors.Is(err, token.ErrUnknownKey) {
			t.Fatal(err)
		}
	}
	if most := int32(time.Since(began)/pause) + 1; i.asked.Load()-asked > most {
		t.Errorf("500 tokens with made-up keys made %d requests, want at most %d", i.asked.Load()-asked, most)
	}
}

func TestBadSources(t *testing.T) {
	for _, source := range []string{"ftp://host/jwks.json", "https://", "http:///x", "gopher://x"} {
		if _, err := token.NewKeys(token.KeysConfig{Source: source}); err == nil || !strings.Contains(err.Error(), "NATTER_JWKS") {
			t.Errorf("%s: %v", source, err)
		}
	}
	e := newEC(t)
	i := newIssuer(t, jwks(e.jwk("e", nil)))
	redirecting := httptest.NewTLSServer(http.RedirectHandler(i.URL, http.StatusFound))
	t.Cleanup(redirecting.Close)
	keys := keysOf(t, token.KeysConfig{Source: redirecting.URL})
	eventually(t, "the reason is told", func() bool { return !strings.Contains(keys.Failing().Error(), "not read yet") })
}

func TestIssuedInTheFuture(t *testing.T) {
	v := verifier(t, token.Config{Secret: []byte(issuerSecret), Leeway: 5 * time.Second}, now)
	for claim, late := range map[string]bool{"iat": true, "nbf": true, "exp": false} {
		sign := int64(1)
		if !late {
			sign = -1
		}
		if _, err := v.Verify(hs256(t, issuerSecret, with(jwt.MapClaims{claim: start.Unix() + sign*4}))); err != nil {
			t.Errorf("%s within the leeway: %v", claim, err)
		}
		if _, err := v.Verify(hs256(t, issuerSecret, with(jwt.MapClaims{claim: start.Unix() + sign*6}))); err == nil {
			t.Errorf("%s beyond the leeway is taken", claim)
		}
	}
}
