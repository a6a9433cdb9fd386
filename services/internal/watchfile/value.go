package watchfile

import (
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
)

// Value is what was made of some files. Safe for concurrent use.
type Value[T any] struct {
	log   *slog.Logger
	load  func() (T, error)
	paths []string

	mu    sync.Mutex
	seen  []fs.FileInfo // nil in the place of a file that could not be looked at
	value T
}

// New makes the value for the first time. load reads the files at paths; an
// empty path stands for none.
func New[T any](log *slog.Logger, load func() (T, error), paths ...string) (*Value[T], error) {
	v := &Value[T]{log: log, load: load}
	for _, path := range paths {
		if path != "" {
			v.paths = append(v.paths, path)
		}
	}
	v.seen = v.look() // before the files are read: what changes meanwhile is read again
	var err error
	v.value, err = load()
	return v, err
}

// Get is the value of the files as they are. Each call looks at them, which
// costs a few microseconds. Where they changed into something that cannot be
// read, or are gone, the value stays what it was and the log says so, once.
func (v *Value[T]) Get() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.look()
	if v.same(now) {
		return v.value
	}
	v.seen = now
	files := strings.Join(v.paths, ", ")
	value, err := v.load()
	if err != nil {
		v.log.Error("files changed and cannot be used; what was read before stays in force", "files", files, "error", err)
		return v.value
	}
	v.log.Info("files changed and were read again", "files", files)
	v.value = value
	return value
}

func (v *Value[T]) look() []fs.FileInfo {
	all := make([]fs.FileInfo, len(v.paths))
	for i, path := range v.paths {
		if info, err := os.Stat(path); err == nil {
			all[i] = info
		}
	}
	return all
}

func (v *Value[T]) same(now []fs.FileInfo) bool {
	for i, old := range v.seen {
		switch {
		case old == nil && now[i] == nil:
		case old == nil || now[i] == nil,
			!os.SameFile(old, now[i]), !old.ModTime().Equal(now[i].ModTime()), old.Size() != now[i].Size():
			return false
		}
	}
	return true
}
