// Package volume has small file systems of their own, which can be full. It needs
// root.
package volume

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Volume is a file system in memory.
type Volume struct{ at string }

// Mount makes an empty one of a size in bytes, and mounts it at a directory,
// which is made.
func Mount(at string, size int64) (*Volume, error) {
	if err := os.MkdirAll(at, 0o700); err != nil {
		return nil, err
	}
	if err := syscall.Mount("tmpfs", at, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		return nil, fmt.Errorf("a small file system cannot be mounted (this needs root): %w", err)
	}
	return &Volume{at}, nil
}

// Fill writes until the volume takes no more.
func (v *Volume) Fill() error {
	f, err := os.OpenFile(v.ballast(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	for block := make([]byte, 64<<10); err == nil; {
		_, err = f.Write(block)
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// Free takes away what filled it.
func (v *Volume) Free() error { return os.Remove(v.ballast()) }

// Close unmounts it; what was on it is gone.
func (v *Volume) Close() error { return syscall.Unmount(v.at, syscall.MNT_DETACH) }

func (v *Volume) ballast() string { return filepath.Join(v.at, "ballast") }
