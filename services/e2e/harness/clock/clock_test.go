//go:build chaos

package clock_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/clock"
)

// TestSet: a program that runs has the time that its clock is set to, and
// measures how long something takes as before.
func TestSet(t *testing.T) {
	dir := t.TempDir()
	overlay, err := clock.Overlay(dir)
	if err != nil {
		t.Fatal(err)
	}
	teller := filepath.Join(dir, "teller")
	if said, err := exec.Command("go", "build", "-overlay", overlay, "-o", teller, "./testdata/teller").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	c, err := clock.New(filepath.Join(dir, "clock"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(teller)
	cmd.Dir, cmd.Env = dir, []string{clock.Variable + "=clock"}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	for _, ahead := range []time.Duration{0, time.Hour, -time.Hour, 0} {
		if err := c.Set(ahead); err != nil {
			t.Fatal(err)
		}
		before := time.Now().Add(ahead).Unix()
		if _, err := fmt.Fprintln(in); err != nil {
			t.Fatal(err)
		}
		var now, lasted int64
		if _, err := fmt.Fscan(out, &now, &lasted); err != nil {
			t.Fatal(err)
		}
		if after := time.Now().Add(ahead).Unix(); now < before || now > after {
			t.Errorf("%s ahead it is %d, want %d to %d", ahead, now, before, after)
		}
		if most := time.Since(began); lasted < 0 || lasted > int64(most.Seconds()) {
			t.Errorf("%s ahead it has run for %d s, and cannot for more than %s", ahead, lasted, most)
		}
	}
}
