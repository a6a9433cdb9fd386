package natterctl

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/internal/access"
)

// TestAdminToken: the line that is printed lets the token in that is printed,
// with the scopes asked for and for as long; and shows no token.
func TestAdminToken(t *testing.T) {
	plain := natterctl(t, "secrets", "admin-token", "--name", "ci", "--scopes", "moderate,read")
	forAWhile := natterctl(t, "secrets", "admin-token", "--name", "ci", "--scopes", "all", "--for", "2h", "-o", "json")
	if plain.exit != 0 || forAWhile.exit != 0 {
		t.Fatalf("%+v, %+v", plain, forAWhile)
	}
	var made struct{ Token, Line string }
	if err := json.Unmarshal([]byte(forAWhile.stdout), &made); err != nil {
		t.Fatal(err)
	}
	first, second, _ := strings.Cut(strings.TrimSpace(plain.stdout), "\n")
	token, line := strings.TrimSpace(strings.TrimPrefix(first, "token")), strings.TrimSpace(strings.TrimPrefix(second, "line"))
	if token == made.Token || strings.Contains(line+plain.stderr, token) || strings.Contains(made.Line+forAWhile.stderr, made.Token) {
		t.Errorf("printed are\n%+v\n%+v", plain, forAWhile)
	}
	list, err := access.Parse([]byte(line + "\n" + made.Line))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if e, ok := list.Token(token, now.Add(24*time.Hour)); !ok || e.Name != "ci" || e.Scopes.String() != "read,moderate" {
		t.Errorf("the first is %+v", e)
	}
	if e, ok := list.Token(made.Token, now.Add(time.Hour)); !ok || e.Scopes != access.All {
		t.Errorf("the second is %+v", e)
	}
	if _, ok := list.Token(made.Token, now.Add(3*time.Hour)); ok {
		t.Error("the second does not expire")
	}
}

func TestAdminTokenThatCannotBe(t *testing.T) {
	for says, args := range map[string][]string{
		"\"write\"": {"--name", "ci", "--scopes", "write"},
		"--name":    {"--name", "c i", "--scopes", "read"},
		"--for":     {"--name", "ci", "--scopes", "read", "--for=-1h"},
		"no scope":  {"--name", "ci"},
	} {
		if r := natterctl(t, append([]string{"secrets", "admin-token"}, args...)...); r.exit != 2 || r.stdout != "" || !strings.Contains(r.stderr, says) {
			t.Errorf("%v: %+v", args, r)
		}
	}
}
