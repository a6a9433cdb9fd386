package watchfile_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/internal/watchfile"
)

// TestValueFollowsItsFiles: written in place, replaced, spoilt, gone, back.
func TestValueFollowsItsFiles(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	loads := 0
	load := func() (string, error) {
		loads++
		a, errA := os.ReadFile(one)
		b, errB := os.ReadFile(two)
		if strings.Contains(string(a), "bad") {
			return "half", errors.New("it is bad")
		}
		return string(a) + "+" + string(b), errors.Join(errA, errB)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	if _, err := watchfile.New(logger, load, one, "", two); err == nil {
		t.Error("files that are not there are no error at the start")
	}
	write(one, "a")
	write(two, "b")
	v, err := watchfile.New(logger, load, one, "", two)
	if err != nil {
		t.Fatal(err)
	}
	loads = 0
	is := func(want string, reads int) {
		t.Helper()
		for range 3 {
			if got := v.Get(); got != want {
				t.Errorf("it is %q, want %q", got, want)
			}
		}
		if loads != reads {
			t.Errorf("the files were read %d times, want %d", loads, reads)
		}
	}
	is("a+b", 0)
	write(two, "longer")
	is("a+longer", 1)
	write(filepath.Join(dir, "new"), "A")
	if err := os.Rename(filepath.Join(dir, "new"), one); err != nil {
		t.Fatal(err)
	}
	is("A+longer", 2)
	log.Reset()
	write(one, "bad thing")
	is("A+longer", 3)
	if got := strings.Count(log.String(), "it is bad"); got != 1 {
		t.Errorf("the log tells %d times what is wrong:\n%s", got, log.String())
	}
	if err := os.Remove(two); err != nil {
		t.Fatal(err)
	}
	is("A+longer", 4)
	write(one, "good")
	write(two, "again")
	is("good+again", 5)
}
