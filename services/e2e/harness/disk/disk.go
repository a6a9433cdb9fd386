//go:build linux

package disk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Sizes of the two file systems. Both are sparse files: they take what is in
// them. XFS has to be of 300 MB at least (mkfs.xfs(8)).
const (
	shelfSize = 8 << 30
	diskSize  = 2 << 30
)

// Shelf is where disks lie: a file system of its own (XFS), since a file on it
// can be copied in an instant, at once and as a whole (ioctl_ficlone(2)).
type Shelf struct {
	image, dir string
	disks      []*Disk
}

// NewShelf makes one in an empty directory.
func NewShelf(dir string) (*Shelf, error) {
	s := &Shelf{image: filepath.Join(dir, "shelf.img"), dir: filepath.Join(dir, "shelf")}
	if err := blank(s.image, shelfSize); err != nil {
		return nil, err
	}
	if err := run("mkfs.xfs", "-q", "-m", "reflink=1", s.image); err != nil {
		return nil, err
	}
	if err := mount(s.image, s.dir); err != nil {
		return nil, err
	}
	return s, nil
}

// Close unmounts all disks, and takes their content away.
func (s *Shelf) Close() error {
	var errs []error
	for _, d := range s.disks {
		errs = append(errs, d.unmount())
	}
	return errors.Join(append(errs, unix.Unmount(s.dir, 0), os.Remove(s.image))...)
}

// Disk is an ext4 file system in a file on the shelf. The kernel hands it what
// is synced; what is not stays in memory for some seconds, and no copy has it.
type Disk struct {
	image, at string
}

// Mount makes an empty disk and mounts it at a directory, which is made.
func (s *Shelf) Mount(at string) (*Disk, error) {
	d := &Disk{image: filepath.Join(s.dir, fmt.Sprintf("disk-%d.img", len(s.disks)+1)), at: at}
	if err := blank(d.image, diskSize); err != nil {
		return nil, err
	}
	if err := run("mkfs.ext4", "-q", "-F", d.image); err != nil {
		return nil, err
	}
	if err := mount(d.image, at); err != nil {
		return nil, err
	}
	s.disks = append(s.disks, d)
	return d, os.Remove(filepath.Join(at, "lost+found"))
}

// Keep keeps what the disk holds at this instant, for [Disk.Lose]. Nothing is
// synced for it.
func (d *Disk) Keep() error {
	from, err := os.Open(d.image)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(d.kept(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(unix.IoctlFileClone(int(to.Fd()), int(from.Fd())), to.Close())
}

// Lose puts the disk back to what was kept, as after a power loss. Nothing may
// have a file open on it.
func (d *Disk) Lose() error {
	if err := d.unmount(); err != nil {
		return err
	}
	if err := os.Rename(d.kept(), d.image); err != nil {
		return err
	}
	return mount(d.image, d.at)
}

func (d *Disk) kept() string { return d.image + ".kept" }

func (d *Disk) unmount() error {
	if err := unix.Unmount(d.at, 0); err != nil {
		return fmt.Errorf("unmount %s: %w", d.at, err)
	}
	return nil
}

func blank(file string, size int64) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// mount finds a free loop device for the image, which mount(8) does best.
func mount(image, at string) error {
	if err := os.MkdirAll(at, 0o700); err != nil {
		return err
	}
	return run("mount", "-o", "loop", image, at)
}

func run(name string, args ...string) error {
	if said, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, said)
	}
	return nil
}
