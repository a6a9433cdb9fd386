package lockfile_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/internal/lockfile"
)

// TestMain lets the test binary be the other process: it takes the lock that
// the variable names, says so, and holds it until its input ends.
func TestMain(m *testing.M) {
	path := os.Getenv("LOCKFILE_TEST_HOLD")
	if path == "" {
		os.Exit(m.Run())
	}
	if _, err := lockfile.Acquire(path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("held")
	bufio.NewReader(os.Stdin).ReadString('\n')
}

func TestAnotherProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), "LOCKFILE_TEST_HOLD="+path)
	input, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	output, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "held\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}

	_, err = lockfile.Acquire(path)
	if !errors.Is(err, lockfile.ErrInUse) {
		t.Fatalf("the lock is held, and the error is %v", err)
	}
	for _, part := range []string{filepath.Dir(path), "process " + strconv.Itoa(other.Process.Pid), "choose another directory"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}

	// A process that is killed leaves the file, and the lock is free.
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	other.Wait()
	lock, err := lockfile.Acquire(path)
	if err != nil {
		t.Fatalf("after the other was killed: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}

func TestSameProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	lock, err := lockfile.Acquire(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockfile.Acquire(path); !errors.Is(err, lockfile.ErrInUse) {
		t.Errorf("taken twice: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := lockfile.Acquire(path)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	again.Release()
}

func TestNoSuchDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	_, err := lockfile.Acquire(filepath.Join(dir, "x.lock"))
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), dir) {
		t.Errorf("the error is %v", err)
	}
}
