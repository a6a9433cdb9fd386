package token_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/natter-chat/natter/services/internal/token"
)

// headed signs a token with more in its header than is usual.
func headed(t testing.TB, secret string, claims jwt.MapClaims) string {
	t.Helper()
	made := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	made.Header["cty"] = "none"
	text, err := made.SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestUsualTokensAreJudgedAsOthers: whatever the header, the same claims and the
// same key come to the same.
func TestUsualTokensAreJudgedAsOthers(t *testing.T) {
	configs := map[string]token.Config{"both": both(), "the issuer's": {Secret: []byte(issuerSecret)}, "guests'": {GuestSecret: []byte(guestSecret)}}
	named := both()
	named.Issuer, named.Audience = "https://issuer.example", "natter"
	configs["named"] = named
	held := 0
	for of, cfg := range configs {
		v := verifier(t, cfg, now)
		for name, changes := range map[string]jwt.MapClaims{
			"good": nil, "no exp": {"exp": nil}, "expired": {"exp": start.Add(-time.Hour).Unix()}, "later": {"nbf": start.Add(time.Hour).Unix()},
			"of the future": {"iat": start.Add(time.Hour).Unix()}, "no user": {"sub": nil}, "a number": {"sub": 7},
			"a guest": {"iss": "natter-guest", "sub": "guest:a"}, "a guest by name": {"sub": "guest:a"}, "no guest": {"iss": "natter-guest"},
			"a late guest": {"iss": "natter-guest", "sub": "guest:a", "exp": start.Add(-time.Hour).Unix()},
			"its issuer":   {"iss": "https://issuer.example", "aud": "natter"}, "another's": {"iss": "https://issuer.example", "aud": "other"},
		} {
			for _, secret := range []string{issuerSecret, guestSecret, "nobody's-secret-of-tests-only-here", ""} {
				got, gotErr := v.Verify(hs256(t, secret, with(changes)))
				want, wantErr := v.Verify(headed(t, secret, with(changes)))
				if got != want || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
					t.Errorf("%s, %s, %s: %+v, %v; with another header %+v, %v", of, name, secret, got, gotErr, want, wantErr)
				}
				if gotErr == nil {
					held++
				}
			}
		}
	}
	if held != 10 {
		t.Errorf("%d held, want 10", held)
	}
}

// TestUsualTokensCostLess than to have all that a header may say looked at.
func TestUsualTokensCostLess(t *testing.T) {
	v, text := verifier(t, both(), now), hs256(t, issuerSecret, with(nil))
	got := testing.AllocsPerRun(100, func() {
		if _, err := v.Verify(text); err != nil {
			t.Fatal(err)
		}
	})
	if got > 30 { // 56 with another header
		t.Errorf("%v allocations", got)
	}
}
