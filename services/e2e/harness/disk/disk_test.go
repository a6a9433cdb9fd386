//go:build linux && power

package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestLose: what was synced is there, and what was only written is not. Without
// the second half, losing power would show nothing.
func TestLose(t *testing.T) {
	shelf, err := NewShelf(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := shelf.Close(); err != nil {
			t.Error(err)
		}
	}()
	at := filepath.Join(t.TempDir(), "data")
	d, err := shelf.Mount(at)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(at, "log"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(words string, sync bool) {
		t.Helper()
		if _, err := log.WriteString(words); err != nil {
			t.Fatal(err)
		}
		if sync {
			if err := log.Sync(); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("synced, ", true)
	// The name of a new file is durable once its directory is synced.
	dir, err := os.Open(at)
	if err := errors.Join(err, dir.Sync(), dir.Close()); err != nil {
		t.Fatal(err)
	}
	write("written", false)
	if err := d.Keep(); err != nil {
		t.Fatal(err)
	}
	write("later", true)
	if err := errors.Join(log.Close(), d.Lose()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(at, "log")); string(got) != "synced, " {
		t.Errorf("after the loss of power the file says %q (%v)", got, err)
	}
}
