package lockfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrInUse says that another process, or another part of this one, holds the lock.
var ErrInUse = errors.New("in use by another process")

// Lock is held until it is released.
type Lock struct{ file *os.File }

// Acquire takes the lock of the file at path, which it makes if need be
// (mode 0600), without waiting. Held by another it is [ErrInUse], in an error
// that names the directory and says what to do.
func Acquire(path string) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", filepath.Dir(path), err)
	}
	if err := lock(file); err != nil {
		holder := holder(file)
		file.Close()
		if errors.Is(err, ErrInUse) {
			return nil, fmt.Errorf("the directory %s is %w%s; stop that one first, or choose another directory",
				filepath.Dir(path), ErrInUse, holder)
		}
		return nil, fmt.Errorf("lock %s: %w", filepath.Dir(path), err)
	}
	sign(file)
	return &Lock{file: file}, nil
}

// Release gives the lock back. The file stays: removing it would let two
// processes hold a lock of the same name.
func (l *Lock) Release() error {
	return l.file.Close()
}

// sign leaves the process id for the message of whoever comes next. Failing
// to is no failure of the lock.
func sign(file *os.File) {
	if file.Truncate(0) == nil {
		file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
}

func holder(file *os.File) string {
	content, err := io.ReadAll(io.LimitReader(file, 32))
	pid := strings.TrimSpace(string(content))
	if err != nil || pid == "" {
		return ""
	}
	return " (process " + pid + ")"
}
