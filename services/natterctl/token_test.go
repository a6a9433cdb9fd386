package natterctl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestToken: what is printed is a token and nothing else, and it holds for as
// long as it says.
func TestToken(t *testing.T) {
	const secret = "a JWT secret of a test"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := natterctl(t, "token", "--user", "ana", "--name", "Ana", "--ttl", "10m", "--jwt-secret-file", file, "--jwt-issuer", "me", "--jwt-audience", "natter")
	if r.exit != 0 || !strings.HasPrefix(r.stderr, "for ana until 20") || strings.Contains(r.stdout+r.stderr, secret) {
		t.Fatalf("exit %d, %s%s", r.exit, r.stdout, r.stderr)
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(strings.TrimSpace(r.stdout), claims, func(*jwt.Token) (any, error) { return []byte(secret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("me"), jwt.WithAudience("natter"), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	if err != nil || claims["sub"] != "ana" || claims["name"] != "Ana" {
		t.Errorf("%v, %v", claims, err)
	}
	if expires, err := claims.GetExpirationTime(); err != nil || time.Until(expires.Time) > 10*time.Minute || time.Until(expires.Time) < 5*time.Minute {
		t.Errorf("it expires at %v, %v", expires, err)
	}
	for _, c := range []struct {
		args []string
		exit int
		says string
	}{
		{[]string{"token", "--user", "ana"}, 1, "Next: set NATTER_JWT_SECRET or NATTER_JWT_SECRET_FILE"},
		{[]string{"token"}, 2, "--user"},
		{[]string{"token", "--user", "ana", "--ttl", "0s"}, 2, "--ttl"},
		{[]string{"token", "--user", "ana", "--jwt-secret", "x", "--jwt-secret-file", file}, 1, "both a JWT secret and a file"},
	} {
		if r := natterctl(t, c.args...); r.exit != c.exit || !strings.Contains(r.stderr, c.says) || r.stdout != "" {
			t.Errorf("%v: exit %d, %s%s", c.args, r.exit, r.stdout, r.stderr)
		}
	}
}
