package standalone

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/lockfile"
)

// settings for a natter of its own, on free ports.
func settings(t *testing.T, dir string) Settings {
	t.Helper()
	var s Settings
	_, err := config.Parse("natter", "", &s, []string{
		"--data-dir", dir, "--http-addr", "127.0.0.1:0", "--grpc-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--drain", "1s",
	}, io.Discard, Vars())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// TestFirstStart: secrets are made, readable by their owner alone, and kept; the
// default room is there; the address is told; the end is orderly.
func TestFirstStart(t *testing.T) {
	dir := t.TempDir()
	var kept []string
	for range 2 {
		n, err := New(t.Context(), settings(t, dir), quiet())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		r, w := io.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- n.Run(ctx, w) }()
		line := make([]byte, 200)
		told := make(chan int, 1)
		go func() { k, _ := r.Read(line); told <- k }()
		select {
		case k := <-told:
			if !strings.Contains(string(line[:k]), n.URL()) {
				t.Errorf("told %q, want the address %s", line[:k], n.URL())
			}
		case err := <-ended:
			t.Fatalf("ended: %v", err)
		case <-time.After(30 * time.Second):
			t.Fatal("never ready")
		}
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the end: %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("never ends")
		}
		kept = append(kept, secrets(t, dir))
	}
	if kept[0] != kept[1] {
		t.Error("a second start made other secrets")
	}
}

func secrets(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{"jwt-secret", "guest-secret", "service-token", "admin-token"} {
		path := filepath.Join(dir, "secrets", name)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", name, info.Mode().Perm())
		}
		value, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(value)
	}
	return all.String()
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	n, err := New(t.Context(), settings(t, dir), quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	_, err = New(t.Context(), settings(t, dir), quiet())
	if !errors.Is(err, lockfile.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second one: %v, want one that names %s", err, dir)
	}
}
