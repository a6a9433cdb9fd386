package secret_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/natter-chat/natter/services/internal/secret"
)

func TestCheck(t *testing.T) {
	for _, bad := range []string{"", "secret", "changeme", "CHANGE-ME", "short-but-mixed", "your-256-bit-secret",
		"a-string-secret-at-least-256-bits-long", "secret-secret-secret", "aaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababab",
		"my-super-secret-jwt-key-2024", "change_this_in_production!", "natter-admin-token", "This is a very long secret string", "0123456789abcdef0123456789ABCDEF",
		"12345678901234567890", "password123password123", "replace-me-with-a-random-string", "!!!!????....----", "your-256-bit-secret-here"} {
		err := secret.Check("NATTER_X", bad)
		if err == nil || !strings.HasPrefix(err.Error(), "NATTER_X ") || !strings.Contains(err.Error(), "openssl") || !strings.Contains(err.Error(), "natterctl secrets") {
			t.Errorf("Check(%q) = %v", bad, err)
		}
		if err != nil && len(bad) > 8 && strings.Contains(err.Error(), bad) {
			t.Errorf("the error holds the secret: %v", err)
		}
	}
	for _, good := range []string{"correct horse battery staple", "a service token of a test", "0123456789abcdeg0123", "secret-secret-secret-q"} {
		if err := secret.Check("x", good); err != nil {
			t.Errorf("Check(%q) = %v", good, err)
		}
	}
	for range 100 {
		if s := secret.New(); len(s) < 32 || secret.Check("x", s) != nil {
			t.Fatalf("New() = %q is refused: %v", s, secret.Check("x", s))
		}
	}
}

func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	first, err := secret.Keep(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := secret.Keep(path); err != nil || again != first {
		t.Errorf("kept %q, and read %q, %v", first, again, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("files are left behind: %v", files)
	}
}

// TestKeepAtOnce: of processes that start together all read one secret.
func TestKeepAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	var wg sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		wg.Go(func() { got[i], _ = secret.Keep(path) })
	}
	wg.Wait()
	for _, s := range got {
		if s == "" || s != got[0] {
			t.Fatalf("different secrets: %q", got)
		}
	}
}

func TestKeepNeverReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := secret.Keep(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("an empty file gives %q, %v", s, err)
	}
	if _, err := secret.Keep(filepath.Join(path, "x")); err == nil {
		t.Error("a path below a file gives no error")
	}
}
