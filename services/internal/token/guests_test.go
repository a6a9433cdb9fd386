package token_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/natter-chat/natter/services/internal/token"
)

func newGuests(t *testing.T, now func() time.Time) *token.Guests {
	t.Helper()
	g, err := token.NewGuests([]byte(guestSecret), now)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestIssue(t *testing.T) {
	g, v := newGuests(t, now), verifier(t, both(), now)
	seen := map[string]bool{}
	for range 100 {
		text, claims, err := g.Issue("  Bo  ")
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^guest:[a-z2-7]{16}$`).MatchString(claims.User) || seen[claims.User] {
			t.Fatalf("the guest's id is %q", claims.User)
		}
		seen[claims.User] = true
		if !claims.Guest || claims.Name != "Bo" || !claims.IssuedAt.Equal(start) || !claims.Expires.Equal(start.Add(30*24*time.Hour)) {
			t.Errorf("the claims are %+v", claims)
		}
		read, err := v.Verify(text)
		if err != nil || read.User != claims.User || read.Name != claims.Name || !read.Guest || !read.Expires.Equal(claims.Expires) || !read.IssuedAt.Equal(claims.IssuedAt) {
			t.Errorf("issued %+v, and read %+v, %v", claims, read, err)
		}
	}
}

func TestIssueNamesTheField(t *testing.T) {
	g := newGuests(t, now)
	for what, name := range map[string]string{
		"empty": "", "spaces": " \t\n ", "long": strings.Repeat("x", 129), "control": "B\x07o", "newline": "B\no", "not UTF-8": "B\xffo",
	} {
		_, _, err := g.Issue(name)
		var typed *token.Error
		if !errors.As(err, &typed) || typed.Field != "name" {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, name := range []string{"B", strings.Repeat("x", 128), "Ana María 安 🙂", "<b>"} {
		if _, claims, err := g.Issue(name); err != nil || claims.Name != name {
			t.Errorf("%q: %+v, %v", name, claims, err)
		}
	}
}

func TestRenew(t *testing.T) {
	at := start
	g := newGuests(t, func() time.Time { return at })
	text, first, err := g.Issue("Bo")
	if err != nil {
		t.Fatal(err)
	}
	at = start.Add(29 * 24 * time.Hour)
	renewed, claims, err := g.Renew(text, "")
	if err != nil || claims.User != first.User || claims.Name != "Bo" || !claims.Expires.Equal(at.Add(30*24*time.Hour)) {
		t.Fatalf("renewed: %+v, %v", claims, err)
	}
	if _, claims, err = g.Renew(renewed, " Bob "); err != nil || claims.User != first.User || claims.Name != "Bob" {
		t.Errorf("renewed under another name: %+v, %v", claims, err)
	}
	var typed *token.Error
	if _, _, err := g.Renew(renewed, "B\x07"); !errors.As(err, &typed) || typed.Field != "name" {
		t.Errorf("renewed under a bad name: %v", err)
	}
	at = start.Add(31 * 24 * time.Hour)
	if _, _, err := g.Renew(text, ""); !errors.Is(err, token.ErrExpired) {
		t.Errorf("an expired token: %v", err)
	}
	for what, other := range map[string]string{
		"an issuer's": hs256(t, issuerSecret, with(jwt.MapClaims{"exp": at.Add(time.Hour).Unix()})),
		"a forged":    hs256(t, issuerSecret, with(jwt.MapClaims{"sub": first.User, "iss": "natter-guest", "exp": at.Add(time.Hour).Unix()})),
		"no":          "",
	} {
		if _, _, err := g.Renew(other, "x"); !errors.As(err, &typed) || typed.Field != "token" {
			t.Errorf("%s token: %v", what, err)
		}
	}
}

func TestGuestsNeedASecret(t *testing.T) {
	for _, secret := range []string{"", "secret"} {
		if _, err := token.NewGuests([]byte(secret), now); err == nil {
			t.Errorf("guests with the secret %q", secret)
		}
	}
}
