package rpc_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/natter-chat/natter/services/internal/access"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// tokensFile has a line for each admin: their tokens, by "name scopes".
func tokensFile(t *testing.T, admins ...string) (path string, minted map[string]string) {
	t.Helper()
	path, minted = filepath.Join(t.TempDir(), "tokens"), map[string]string{}
	var lines []string
	for _, admin := range admins {
		token, digest := access.Mint()
		minted[admin] = token
		lines = append(lines, admin+" "+digest.String())
	}
	writeFile(t, path, strings.Join(lines, "\n"))
	return path, minted
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestScopes: who may call what, for a method of each kind of rule. A method
// without a rule, and one whose rule names no scope, is nobody's.
func TestScopes(t *testing.T) {
	path, minted := tokensFile(t, "reader read", "eraser erase", "most read,moderate,operate", "all all", "gw service")
	cfg := tokens()
	cfg.Tokens = path
	_, addr := serve(t, cfg, whoami)
	minted["admin"], minted["service"] = adminToken, serviceToken
	for who, may := range map[string]string{
		"reader read": "Call", "eraser erase": "Erase", "most read,moderate,operate": "Call",
		"all all": "Call Erase", "admin": "Call Erase", "gw service": "Call", "service": "Call",
	} {
		conn := dial(t, addr, minted[who], config.TLS{})
		for _, method := range []string{"Call", "Erase", "Unmapped", "Empty"} {
			_, err := invoke(t.Context(), conn, method)
			want := codes.PermissionDenied
			if strings.Contains(may, method) {
				want = codes.OK
			}
			if status.Code(err) != want {
				t.Errorf("%s calls %s: %v", who, method, err)
			}
			if method == "Erase" && want != codes.OK && !strings.Contains(status.Convert(err).Message(), "scope erase") {
				t.Errorf("%s is not told what it lacks: %v", who, err)
			}
		}
	}
}

// TestATokenIsReplaced without a restart: both hold, then the new one alone.
func TestATokenIsReplaced(t *testing.T) {
	path, minted := tokensFile(t, "ci read", "other read")
	cfg := rpc.ServerConfig{Tokens: path}
	_, addr := serve(t, cfg, whoami)
	fresh, digest := access.Mint()
	old, next := dial(t, addr, minted["ci read"], config.TLS{}), dial(t, addr, fresh, config.TLS{})
	in := func(when string, oldIn, nextIn bool) {
		t.Helper()
		_, errOld := call(t.Context(), old)
		_, errNext := call(t.Context(), next)
		if (errOld == nil) != oldIn || (errNext == nil) != nextIn {
			t.Errorf("%s: the old token: %v; the new one: %v", when, errOld, errNext)
		}
	}
	in("before", true, false)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, string(before)+"\nci read "+digest.String())
	in("meanwhile", true, true)
	writeFile(t, path, "this is spoilt")
	in("spoilt", true, true)
	writeFile(t, path, "ci read "+digest.String())
	in("after", false, true)
}
